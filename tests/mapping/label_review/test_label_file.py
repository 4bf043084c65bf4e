import geopandas
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon

from mmext.errors import UserError
from mmext.mapping.label_review import LabelFile

from .builders import square, write_labels

BOW_TIE = Polygon([(5e5, 4e6), (5e5 + 9, 4e6 + 9), (5e5 + 9, 4e6), (5e5, 4e6 + 9)])


def test_each_part_has_a_name_of_its_own(tmp_path):
    several = MultiPolygon([square(20), square(40)])
    path = write_labels(tmp_path / "a.gpkg", [square(0), several, square(0)])
    labels = LabelFile.read(path)
    ids, digests = zip(*(name.split("#") for name in labels.names), strict=True)
    assert ids == ("1", "2.1", "2.2", "3")
    # The same geometry has the same hash, the parts of one feature have one.
    assert digests[1] == digests[2] and digests[0] == digests[3] != digests[1]
    assert labels.feature.tolist() == [0, 1, 1, 2]
    assert labels.polygons.area.tolist() == [100] * 4
    assert [labels.find(name) for name in labels.names] == [0, 1, 2, 3]
    assert (labels.layer, labels.repaired) == ("fields", frozenset())


def test_names_count_the_files_features_whatever_the_filter_selects(tmp_path):
    shapes = [square(0), square(20), square(40)]
    path = write_labels(tmp_path / "a.gpkg", shapes, crop=["rice", "ginseng", "rice"])
    [name] = LabelFile.read(path, where="crop = 'ginseng'").names
    assert name == LabelFile.read(path).names[1]
    assert name.startswith("2#")


def test_a_label_is_found_under_another_id_but_not_with_another_shape(tmp_path):
    shapes = [square(0), square(20), square(40)]
    old = LabelFile.read(write_labels(tmp_path / "a.gpkg", shapes))
    new = LabelFile.read(
        write_labels(tmp_path / "b.gpkg", [square(40), square(20, side=9), square(0)])
    )
    assert [new.find(name) for name in old.names] == [2, None, 0]
    assert new.fingerprint != old.fingerprint
    again = LabelFile.read(write_labels(tmp_path / "c.gpkg", shapes))
    assert again.fingerprint == old.fingerprint
    # Two could be meant.
    twice = write_labels(tmp_path / "d.gpkg", [square(99), square(0), square(0)])
    assert LabelFile.read(twice).find(old.names[0]) is None


def test_invalid_ones_are_repaired_and_what_has_no_area_is_no_label(tmp_path):
    line = Polygon([(5e5, 4e6), (5e5 + 9, 4e6), (5e5, 4e6)])
    path = write_labels(tmp_path / "a.gpkg", [square(20), BOW_TIE, line, None])
    labels = LabelFile.read(path)
    assert labels.feature.tolist() == [0, 1, 1]
    assert labels.repaired == {1}
    assert labels.selected == {0, 1, 2, 3}
    assert shapely.is_valid(labels.polygons.to_numpy()).all()
    assert labels.polygons.area.sum() == pytest.approx(100 + 40.5)


@pytest.mark.parametrize("suffix", ["geojson", "shp", "fgb"])
def test_other_formats(tmp_path, suffix):
    table = geopandas.GeoDataFrame(geometry=[square(0), square(20)], crs="EPSG:32637")
    path = tmp_path / f"a.{suffix}"
    table.to_crs(4326).to_file(path)
    labels = LabelFile.read(path)
    assert len(set(labels.names)) == 2
    assert [labels.find(name) for name in labels.names] == [0, 1]


def test_a_raster_is_refused(write_raster):
    import numpy as np

    path = write_raster("mask.tif", np.zeros((1, 4, 4), np.uint8))
    with pytest.raises(UserError, match=r"mask.tif: is a raster, expected polygons"):
        LabelFile.read(path)
