import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import box

from mmext.errors import UserError
from mmext.evaluation.objects import ObjectCounts
from mmext.geo.map_evaluation import covered_share, evaluate_map

CRS = "EPSG:32637"


def _raster(path, codes, crs=CRS):
    transform = rasterio.transform.from_origin(500000, 4000000, 1, 1)
    height, width = codes.shape
    profile = dict(driver="GTiff", height=height, width=width, count=1, dtype="uint8")
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform) as raster:
        raster.write(codes, 1)
    return path


def _field(row, column, height, width):
    left, top = 500000 + column, 4000000 - row
    return box(left, top - height, left + width, top)


def _vector(path, fields, crs=CRS):
    geopandas.GeoDataFrame(geometry=fields, crs=CRS).to_crs(crs).to_file(path)
    return path


@pytest.fixture
def codes():
    codes = np.zeros((21, 33), np.uint8)
    codes[2:6, 2:6] = 1
    codes[2:6, 6:8] = 2
    codes[12:16, 20:24] = 3
    codes[:, 30:] = 255
    return codes


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326"])
def test_hand_worked_scene(tmp_path, codes, crs):
    fields = [_field(2, 2, 4, 6), _field(10, 2, 5, 5), _field(2, 31, 2, 2)]
    truth = _vector(tmp_path / "t.gpkg", fields, crs)
    result = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    target, union = result.pixels["target"], result.pixels["union"]
    assert (target.tp, target.fp, target.fn) == (16, 16, 33)
    assert (union.tp, union.fp, union.fn) == (24, 16, 25)
    assert sum(vars(union).values()) == (codes != 255).sum()
    # The third field lies in no-data and is not asked for.
    assert result.objects == ObjectCounts(2, 1, 2, 1)
    assert [len(t) for t in result.layers.values()] == [1, 1, 1]
    # UTM's scale at its central meridian is 0.9996.
    assert result.true_area == pytest.approx(49 / 0.9996**2, rel=1e-4)
    assert result.relative_area_error == pytest.approx(40 / 49 - 1, abs=1e-3)
    result.write(tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/pixels.csv", index_col="channel")
    assert table.loc["union", "iou"] == pytest.approx(24 / 65)
    misses = geopandas.read_file(tmp_path / "out/fields.gpkg", layer="misses")
    assert misses["cover"].tolist() == [0]


def test_windows_do_not_matter(tmp_path, codes, monkeypatch):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", codes)
    whole = evaluate_map(map_path, truth)
    monkeypatch.setattr("mmext.geo.map_evaluation._BLOCK", 5)
    parts = evaluate_map(map_path, truth)
    assert (parts.pixels, parts.objects) == (whole.pixels, whole.objects)


def test_area_and_polygon_maps(tmp_path, codes):
    fields = [_field(2, 2, 4, 6), _field(10, 2, 5, 5)]
    truth = _vector(tmp_path / "t.gpkg", fields)
    area = _vector(tmp_path / "a.gpkg", [_field(0, 0, 9, 30)])
    raster = evaluate_map(_raster(tmp_path / "m.tif", codes), truth, area_path=area)
    assert raster.objects == ObjectCounts(1, 1, 1, 1)
    assert raster.pixels["union"].iou == 1
    mapped = [_field(2, 2, 4, 6), _field(12, 20, 4, 4)]
    vector = _vector(tmp_path / "m.gpkg", mapped, "EPSG:4326")
    assert evaluate_map(vector, truth).objects == ObjectCounts(2, 1, 2, 1)
    assert evaluate_map(vector, truth, area_path=area).objects.precision == 1
    # A raster stands for its extent, here the scene's left part.
    part = _raster(tmp_path / "part.tif", np.zeros((21, 10), np.uint8))
    inside = evaluate_map(vector, truth, area_path=part)
    assert inside.objects == ObjectCounts(2, 1, 1, 1)
    assert inside.pixels["union"].tn > 0


def _mixed(path, fields, sources):
    table = geopandas.GeoDataFrame({"source": sources}, geometry=fields, crs=CRS)
    table.to_file(path, layer="fields")
    return path


def test_pixels_of_a_map_of_polygons(tmp_path):
    """Overlapping truth counts once; areas on the ellipsoid, as UTM is 0.9996 true."""
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 20, 20), _field(0, 10, 20, 10)])
    fields = [_field(0, 10, 20, 20), _field(0, 50, 10, 10)]
    mapped = _mixed(tmp_path / "m.gpkg", fields, ["both", "error"])
    area = _vector(tmp_path / "a.gpkg", [_field(0, 0, 100, 100)])
    result = evaluate_map(mapped, truth, area_path=area)
    [(name, union)] = result.pixels.items()
    found = [getattr(union, k) * 0.9996**2 / 100 for k in ("tp", "fp", "fn", "tn")]
    assert name == "union"
    assert found == pytest.approx([200, 300, 200, 9300], abs=0.1)
    assert evaluate_map(mapped, truth).pixels["union"].tn == 0
    result.write(tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/pixels.csv", index_col="channel")
    assert table.loc["union", "iou"] == pytest.approx(200 / 700, abs=1e-4)


def test_sources_of_a_raster(tmp_path):
    codes = np.zeros((40, 60), np.uint8)
    codes[0:10, 0:10] = 1
    codes[0:10, 20:30] = 2
    codes[0:10, 40:50] = 3
    codes[20:30, 0:4], codes[20:30, 4:8] = 1, 2  # neither covers half
    codes[20:30, 20:30] = 2  # nothing is there
    codes[36, 36] = 1  # nor here
    truth = [_field(0, x, 10, 10) for x in (0, 20, 40)]
    truth += [_field(20, 0, 10, 10), _field(20, 45, 10, 10)]
    result = evaluate_map(
        _raster(tmp_path / "m.tif", codes), _vector(tmp_path / "t.gpkg", truth)
    )
    assert result.layers["hits"]["source"].tolist() == [
        *("target", "error", "both", "union")
    ]
    assert result.layers["misses"]["source"].tolist() == [""]
    alarms = result.layers["false_alarms"].set_index("area_m2")["source"]
    assert alarms.sort_index().tolist() == ["target", "error"]
    result.write(tmp_path / "out")
    hits = geopandas.read_file(tmp_path / "out/fields.gpkg", layer="hits")
    assert hits["source"].tolist() == ["target", "error", "both", "union"]
    styles = geopandas.read_file(tmp_path / "out/fields.gpkg", layer="layer_styles")
    assert set(styles["f_table_name"]) == {"hits", "misses", "false_alarms"}


def test_sources_of_polygons(tmp_path):
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 10, 10), _field(0, 20, 10, 10)])
    fields = [_field(0, 0, 10, 10), _field(0, 20, 10, 9), _field(0, 50, 9, 9)]
    named = _mixed(tmp_path / "m.gpkg", fields, ["both", "target", "error"])
    layers = evaluate_map(named, truth).layers
    assert layers["hits"]["source"].tolist() == ["both", "target"]
    assert layers["false_alarms"]["source"].tolist() == ["error"]
    plain = evaluate_map(_vector(tmp_path / "p.gpkg", fields), truth)
    assert set(plain.layers["hits"]["source"]) == {""}
    assert list(plain.pixels) == ["union"]


def test_empty_map_has_no_precision(tmp_path):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", np.zeros((21, 33), np.uint8))
    result = evaluate_map(map_path, truth)
    assert (result.objects.recall, result.objects.precision) == (0, None)
    assert result.relative_area_error == -1
    result.write(tmp_path / "out")


def test_overlapping_cover_counts_once():
    one = geopandas.GeoSeries([_field(0, 0, 4, 4)], crs=CRS)
    two = geopandas.GeoSeries([_field(0, 0, 4, 1), _field(0, 0, 4, 2)], crs=CRS)
    assert covered_share(one, two) == pytest.approx([0.5])


@pytest.mark.parametrize("value", [7, 255])
def test_strange_or_empty_rasters_are_refused(tmp_path, value):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", np.full((21, 33), value, np.uint8))
    with pytest.raises(UserError, match="value 7" if value == 7 else "no valid pixel"):
        evaluate_map(map_path, truth)
