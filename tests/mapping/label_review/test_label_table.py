import sqlite3

import numpy as np
import pyogrio
import pytest
import shapely

from mmext.errors import UserError
from mmext.mapping.label_review.label_table import LabelTable

from .builders import CRS, square

LARGE = 2**60 + 1


def _labels(path, **fields):
    """A GeoPackage with fields of every type, its second row NULL."""
    shapes = shapely.to_wkb(np.array([square(0), square(20), square(40)]))
    null = np.array([False, True, False])
    values = {
        "large": np.array([LARGE, 0, -LARGE]),
        "small": np.array([7, 0, 9], np.int16),
        "flag": np.array([True, False, False]),
        "share": np.array([0.1, 0, 0.3]),
        "crop": np.array(["ginseng", None, ""], object),
        "day": np.array(["2020-01-02", "NaT", "1999-12-31"], "datetime64[D]"),
        "time": np.array(["2020-01-02T10:30", "NaT", "2021-05-05"], "datetime64[ms]"),
        **fields,
    }
    pyogrio.raw.write(
        path,
        shapes,
        list(values.values()),
        list(values),
        field_mask=[null] * len(values),
        layer="fields",
        geometry_type="Polygon",
        crs=CRS,
        # +02:00, none, −03:30.
        gdal_tz_offsets={"time": np.array([108, 0, 86])},
    )
    return path


def _rows(path):
    with sqlite3.connect(path) as base:
        names = [row[1] for row in base.execute("PRAGMA table_info(fields)")]
        text = ", ".join(name for name in names if name not in ("fid", "geom"))
        return base.execute(f"SELECT {text} FROM fields").fetchall()


def test_what_is_kept_is_the_same_to_the_bit(tmp_path):
    path = _labels(tmp_path / "a.gpkg")
    table = LabelTable.read(path, "fields")
    out = tmp_path / "b.gpkg"
    table.write(out, [0, 1, 2], list(table.wkb), {})
    # Beside the fids, GeoPackages are compared by what SQLite finds in them.
    assert _rows(out) == _rows(path)
    assert _rows(out)[0][0] == LARGE
    assert "+02:00" in str(_rows(out)[0]) and "-03:30" in str(_rows(out)[2])
    infos = [pyogrio.read_info(p, layer="fields") for p in (path, out)]
    for key in ("ogr_types", "ogr_subtypes", "geometry_type", "crs", "layer_name"):
        assert infos[0][key] == infos[1][key], key
    geometries = [pyogrio.raw.read(p, "fields")[2].tolist() for p in (path, out)]
    assert geometries[0] == geometries[1]


def test_new_ones_have_what_is_said_and_otherwise_nothing(tmp_path):
    table = LabelTable.read(_labels(tmp_path / "a.gpkg"), "fields")
    out = tmp_path / "b.gpkg"
    new = shapely.to_wkb(square(99))
    table.write(out, [2], [table.wkb[2], new], {"crop": "ginseng", "small": 3})
    kept, added = _rows(out)
    assert kept == _rows(tmp_path / "a.gpkg")[2]
    assert added == (None, 3, None, None, "ginseng", None, None)


def test_several_parts_in_a_layer_of_single_ones(tmp_path):
    table = LabelTable.read(_labels(tmp_path / "a.gpkg"), "fields")
    several = shapely.to_wkb(shapely.MultiPolygon([square(0), square(20)]))
    table.write(tmp_path / "b.gpkg", [0], [several], {})
    info = pyogrio.read_info(tmp_path / "b.gpkg", layer="fields")
    assert info["geometry_type"] == "Unknown"


def test_fields_named_as_geopackages_name_their_own(tmp_path):
    path = tmp_path / "a.shp"
    shapes = shapely.to_wkb(np.array([square(0), square(20)]))
    values = [np.array([5, 5]), np.array(["a", "b"], object)]
    pyogrio.raw.write(
        path, shapes, values, ["fid", "geom"], geometry_type="Polygon", crs=CRS
    )
    table = LabelTable.read(path, "a")
    table.write(tmp_path / "b.gpkg", [0, 1], list(table.wkb), {})
    read = pyogrio.read_dataframe(tmp_path / "b.gpkg")
    assert read["fid"].tolist() == [5, 5] and read["geom"].tolist() == ["a", "b"]


def test_a_type_that_cannot_be_written(tmp_path):
    path = _labels(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:
        base.execute("ALTER TABLE fields ADD COLUMN photo BLOB")
    with pytest.raises(UserError, match=r"a.gpkg: field 'photo' is OFTBinary"):
        LabelTable.read(path, "fields")
