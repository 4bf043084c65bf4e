import json

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
from shapely.geometry import box

from mmext.errors import UserError
from mmext.viewing.features import as_geojson, read_features
from mmext.viewing.raster_view import Place, read_place

from .builders import CORNER, CRS, picture, place, write_cog, write_map

HERE = Place(
    (5e5, 4e6 - 128, 5e5 + 128, 4e6), 0.5, rasterio.CRS.from_user_input(CRS), 1.0
)


def write(path, shapes, crs=CRS):
    table = geopandas.GeoDataFrame(
        {"number": range(len(shapes))}, geometry=shapes, crs=crs
    )
    pyogrio.write_dataframe(table, path, layer="fields")
    return path


def test_only_what_meets_the_part(tmp_path):
    path = write(tmp_path / "a.gpkg", [place(0, 0), place(200, 200)])
    x, y = CORNER
    found = read_features(path, "fields", HERE, (x, y - 20, x + 20, y))
    assert found["number"].tolist() == [0]
    assert len(read_features(path, "fields", HERE, HERE.bounds)) == 2


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_another_system_is_brought_to_the_sheets(tmp_path, crs):
    shapes = geopandas.GeoSeries([place(0, 0), place(200, 200)], crs=CRS)
    path = write(tmp_path / "a.gpkg", shapes.to_crs(crs), crs)
    x, y = CORNER
    found = read_features(path, "fields", HERE, (x, y - 20, x + 20, y))
    assert found["number"].tolist() == [0]
    assert found.geometry.iloc[0].bounds == pytest.approx(place(0, 0).bounds, abs=1e-6)


def test_more_than_can_be_drawn_are_none_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("mmext.viewing.features.MOST_FEATURES", 2)
    path = write(tmp_path / "a.gpkg", [place(i, i) for i in range(3)])
    assert read_features(path, "fields", HERE, HERE.bounds) is None
    x, y = CORNER
    path = write(tmp_path / "b.gpkg", [place(i, i) for i in range(2)])
    assert len(read_features(path, "fields", HERE, (x, y - 99, x + 99, y))) == 2


def test_rows_are_counted_as_the_page_does(tmp_path):
    image = write_cog(tmp_path / "a.tif", picture(), None, driver="PNG", transform=None)
    pixels = read_place(image)
    assert pixels.rows == 256
    # A map's rows run downwards from 0, a tile store's downwards below 0.
    shapes = [box(10, 20, 30, 40), box(10, -40, 30, -20)]
    path = write(tmp_path / "a.gpkg", shapes, None)
    found = read_features(path, "fields", pixels, (0, 200, 256, 256))
    assert [shape.bounds for shape in found.geometry] == [(10, 216, 30, 236)] * 2
    assert not len(read_features(path, "fields", pixels, (0, 0, 256, 200)))


def test_geojson_has_numbers_and_no_system(tmp_path):
    folder = write_map(tmp_path / "map")
    table = read_features(folder / "sheet.gpkg", "fields", HERE, HERE.bounds)
    table["mean_prob"] = np.nan
    said = json.loads(as_geojson(table))
    assert "crs" not in said
    assert [feature["id"] for feature in said["features"]] == ["1", "2"]
    assert said["features"][0]["properties"]["source"] == "target"
    assert said["features"][0]["properties"]["mean_prob"] is None
    [ring] = said["features"][0]["geometry"]["coordinates"]
    assert {tuple(xy) for xy in ring} == {*place(150, 100).exterior.coords}


def test_what_can_not_be_read_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    path.write_bytes(b"no database")
    with pytest.raises(UserError, match="can't be read"):
        read_features(path, "fields", HERE, HERE.bounds)
    path = write(tmp_path / "b.gpkg", [place(0, 0)])
    with pytest.raises(UserError, match="can't be read"):
        read_features(path, "other", HERE, HERE.bounds)
