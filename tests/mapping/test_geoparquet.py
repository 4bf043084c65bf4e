"""Objects as GeoParquet, read by others."""

import json

import geopandas
import numpy as np
import pyproj
import pytest
import shapely

from mmext.errors import UserError
from mmext.mapping import geoparquet
from mmext.mapping.geoparquet import refuse_without_pyarrow, save_as_geoparquet
from mmext.mapping.many_scenes import predict_scenes

from .test_many_scenes import SETTINGS, noise, pixelwise, web_sheets


@pytest.fixture
def parquet():
    return pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("target", [0.35, 0.0])
def test_it_holds_what_the_geopackage_holds(parquet, tmp_path, capsys, target):
    image = noise(9, 48, target, error=target)
    sheets, _, _ = web_sheets(tmp_path / "in", image, 24)
    out, predictor = tmp_path / "map", pixelwise(tmp_path)
    assert predict_scenes(predictor, sheets, out, SETTINGS) == []
    expected = geopandas.read_file(out / "map.gpkg", layer="fields")
    assert predict_scenes(predictor, sheets, out, SETTINGS, "parquet") == []
    assert not (out / "map.gpkg").exists() and not list(out.glob(".*"))
    found = geopandas.read_parquet(out / "map.parquet")
    assert len(found) == len(expected) and (len(found) > 0) == (target > 0)
    assert (found.geometry.to_wkb() == expected.geometry.to_wkb()).all()
    assert list(found.columns) == list(expected.columns)
    for name in expected.columns.drop("geometry"):
        assert found[name].tolist() == expected[name].tolist(), name
    assert found.crs == expected.crs and "system" not in capsys.readouterr().out
    # As the specification has it.
    described = json.loads(parquet.read_metadata(out / "map.parquet").metadata[b"geo"])
    column = described["columns"][described["primary_column"]]
    assert described["version"] == "1.1.0" and column["encoding"] == "WKB"
    assert pyproj.CRS.from_json_dict(column["crs"]) == expected.crs
    assert set(column["geometry_types"]) == set(expected.geom_type)
    if target:
        np.testing.assert_array_equal(column["bbox"], expected.total_bounds)
    else:
        assert "bbox" not in column
    # An earlier call's is of other sheets.
    assert predict_scenes(predictor, sheets, out, SETTINGS) == []
    assert not (out / "map.parquet").exists()


def boxes(path, crs):
    """Boxes along a diagonal, every fifth of two parts."""
    at = [shapely.box(10 * i + 0.1, 10 * i, 10 * i + 3, 10 * i + 3) for i in range(23)]
    shapes = [
        shapely.union(box, shapely.box(-9, -9, -8, -8)) if i % 5 == 0 else box
        for i, box in enumerate(at)
    ]
    numbers = {"area_m2": np.arange(23) / 7, "cut": np.arange(23) % 2 == 0}
    table = geopandas.GeoDataFrame(numbers, geometry=shapes, crs=crs)
    table.to_file(path, layer="fields", geometry_type="Unknown")
    return geopandas.read_file(path, layer="fields")


def test_parts_of_it_are_read_by_their_boxes(parquet, tmp_path, monkeypatch):
    monkeypatch.setattr(geoparquet, "_ROWS", 5)
    table = boxes(tmp_path / "a.gpkg", "EPSG:5186")
    path = tmp_path / "a.parquet"
    assert save_as_geoparquet(tmp_path / "a.gpkg", "fields", path)
    assert parquet.ParquetFile(path).num_row_groups == 5
    for window in ((31, 31, 62, 62), (-9, -9, -8.5, -8.5), (1e6, 1e6, 2e6, 2e6)):
        found = geopandas.read_parquet(path, bbox=window)
        left, bottom, right, top = shapely.bounds(table.geometry.values).T
        near = (left <= window[2]) & (right >= window[0])
        near &= (bottom <= window[3]) & (top >= window[1])
        assert found["area_m2"].tolist() == table["area_m2"][near].tolist()
        assert found.geometry.geom_equals_exact(table.geometry[near], 0, False).all()


def test_without_a_coordinate_system_it_says_so(parquet, tmp_path):
    boxes(tmp_path / "a.gpkg", None)
    path = tmp_path / "a.parquet"
    assert not save_as_geoparquet(tmp_path / "a.gpkg", "fields", path)
    described = json.loads(parquet.read_metadata(path).metadata[b"geo"])
    # Without the key, readers would take it for longitudes and latitudes.
    assert described["columns"]["geometry"]["crs"] is None
    assert geopandas.read_parquet(path).crs is None


def test_what_is_missing_is_one_line(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'mmext\[parquet\]'"):
        refuse_without_pyarrow()
