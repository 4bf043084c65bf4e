import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from shapely.geometry import LineString, box

from mmext.errors import UserError
from mmext.geo.labels import read_labels

WHOLE = Window(0, 0, 40, 30)
# Columns 10–20, rows 6–16 of a scene with pixels of half a metre.
FIELD = box(200_005, 499_992, 200_010, 499_997)


@pytest.fixture
def scene(write_raster):
    return write_raster("scene.tif", np.zeros((3, 30, 40), np.uint8))


def write_vector(path, geometries, crs="EPSG:5186", **columns):
    table = geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs)
    table.to_file(path, layer="fields")
    return path


def burn(scene, labels, window=WHOLE):
    with rasterio.open(scene) as raster, labels.open(raster) as opened:
        return opened.read(window)


def expected_field():
    mask = np.zeros((30, 40), np.uint8)
    mask[6:16, 10:20] = 1
    return mask


@pytest.mark.parametrize("crs", ["EPSG:5186", "EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_polygons_in_any_crs_and_format(tmp_path, scene, crs, suffix):
    table = geopandas.GeoSeries([FIELD], crs="EPSG:5186").to_crs(crs)
    path = tmp_path / f"fields{suffix}"
    table.to_file(path)
    np.testing.assert_array_equal(burn(scene, read_labels(path)), expected_field())


def test_a_window_is_a_cut_of_the_whole(tmp_path, scene):
    labels = read_labels(write_vector(tmp_path / "f.gpkg", [FIELD]))
    part = burn(scene, labels, Window(15, 3, 9, 11))
    np.testing.assert_array_equal(part, expected_field()[3:14, 15:24])
    assert not burn(scene, labels, Window(30, 20, 5, 5)).any()


def test_all_touched_burns_more(tmp_path, scene):
    sliver = box(200_005.1, 499_992.1, 200_009.9, 499_992.2)
    path = write_vector(tmp_path / "f.gpkg", [sliver])
    assert not burn(scene, read_labels(path)).any()
    assert burn(scene, read_labels(path, all_touched=True)).sum() == 10


def test_the_attribute_filter(tmp_path, scene):
    other = box(200_015, 499_992, 200_018, 499_997)
    path = write_vector(tmp_path / "f.gpkg", [FIELD, other], crop=["ginseng", "rice"])
    labels = read_labels(path, where="crop = 'ginseng'")
    np.testing.assert_array_equal(burn(scene, labels), expected_field())
    with pytest.raises(UserError, match="no features where crop = 'tea'"):
        read_labels(path, where="crop = 'tea'")


@pytest.mark.parametrize(
    "values, target, ignored, note",
    [
        ([0, 1], {1}, set(), ""),
        ([0, 255], {255}, set(), "255 is target"),
        ([0, 1, 255], {1}, {255}, "255 is ignored"),
        ([0], {1}, set(), ""),
    ],
)
def test_mask_values_are_understood(write_raster, scene, values, target, ignored, note):
    rng = np.random.default_rng(0)
    source = rng.choice(np.array(values, np.uint8), (1, 30, 40))
    labels = read_labels(write_raster("m.tif", source))
    expected = np.isin(source[0], list(target)).astype(np.uint8)
    expected[np.isin(source[0], list(ignored))] = 255
    np.testing.assert_array_equal(burn(scene, labels), expected)
    assert note in labels.note


def test_other_values_must_be_named(write_raster, scene):
    source = np.array([[0, 2], [5, 7]], np.uint8).repeat(15, 0).repeat(20, 1)[None]
    path = write_raster("m.tif", source)
    with pytest.raises(UserError, match="holds the values 0, 2, 5, 7, expected"):
        read_labels(path)
    with pytest.raises(UserError, match="none of --label-values 3"):
        read_labels(path, values=[3])
    mask = burn(scene, read_labels(path, values=[2, 7]))
    np.testing.assert_array_equal(mask, np.isin(source[0], [2, 7]))


def test_a_raster_on_another_grid_and_beyond_its_end(write_raster, scene):
    """Pixels twice as large, covering the scene's left half."""
    source = np.zeros((1, 15, 10), np.uint8)
    source[0, 3:8, 5:10] = 1
    path = write_raster("m.tif", source, pixel=1.0)
    mask = burn(scene, read_labels(path))
    np.testing.assert_array_equal(mask[:, :20], expected_field()[:, :20])
    assert (mask[:, 20:] == 255).all()


def test_masks_without_georeference_must_fit(write_raster, scene):
    fits = write_raster("fits.tif", np.ones((1, 30, 40), np.uint8), crs=None)
    assert burn(scene, read_labels(fits)).all()
    small = write_raster("small.tif", np.ones((1, 30, 39), np.uint8), crs=None)
    with pytest.raises(UserError, match="39 x 30 without georeference"):
        burn(scene, read_labels(small))


def test_bad_files_are_one_line(tmp_path, scene):
    with pytest.raises(UserError, match="no such label file"):
        read_labels(tmp_path / "absent.gpkg")
    text = tmp_path / "text.gpkg"
    text.write_text("no polygons here")
    with pytest.raises(UserError, match="can't be read as labels"):
        read_labels(text)
    lines = write_vector(tmp_path / "lines.gpkg", [LineString([(0, 0), (1, 1)])])
    with pytest.raises(UserError, match="holds LineString, expected only polygons"):
        read_labels(lines)
    nowhere = write_vector(tmp_path / "nowhere.gpkg", [FIELD], crs=None)
    with pytest.raises(UserError, match="has no coordinate system"):
        read_labels(nowhere)
    image = tmp_path / "image.tif"
    image.write_text("no image either")
    with pytest.raises(UserError, match="can't be read as a raster"):
        read_labels(image)
    fields = write_vector(tmp_path / "fields.gpkg", [FIELD])
    with pytest.raises(UserError, match="--label-values is for rasters"):
        read_labels(fields, values=[1])
