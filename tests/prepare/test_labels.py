import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.windows import Window
from shapely.geometry import LineString, Polygon, box

from mmext.errors import UserError
from mmext.prepare.labels import read_labels

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
    absent = read_labels(path, values=[3])
    assert "no pixel of --label-values" in absent.note
    assert not burn(scene, absent).any()
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


@pytest.mark.parametrize("georeferenced", [True, False])
@pytest.mark.parametrize("nodata", [0, 7, None])
def test_nodata_of_a_mask(write_raster, scene, nodata, georeferenced):
    """0 is background whatever the file calls it; other no-data is ignored."""
    source = expected_field()
    if nodata == 7:
        source[20:25] = 7
    path = write_raster(
        "m.tif",
        source[None],
        nodata=nodata,
        crs="EPSG:5186" if georeferenced else None,
    )
    expected = np.where(source == 7, 255, source)
    np.testing.assert_array_equal(burn(scene, read_labels(path)), expected)


def test_only_outside_a_mask_with_nodata_0_is_ignored(write_raster, scene):
    source = np.zeros((1, 30, 20), np.uint8)
    source[0, 6:16, 10:20] = 1
    mask = burn(scene, read_labels(write_raster("m.tif", source, nodata=0)))
    np.testing.assert_array_equal(mask[:, :20], source[0])
    assert (mask[:, 20:] == 255).all()


def test_nodata_that_may_be_the_target_is_asked_about(write_raster, scene):
    source = expected_field()[None] * np.uint8(255)
    path = write_raster("m.tif", source, nodata=255)
    with pytest.raises(UserError, match="255 is its no-data value and the only one"):
        read_labels(path)
    mask = burn(scene, read_labels(path, values=[255]))
    np.testing.assert_array_equal(mask, expected_field())


def test_not_a_number_is_never_background(write_raster, scene):
    source = expected_field().astype(np.float32)[None]
    source[0, :3] = np.nan
    mask = burn(scene, read_labels(write_raster("m.tif", source)))
    assert (mask[:3] == 255).all()
    np.testing.assert_array_equal(mask[3:], expected_field()[3:])


def test_bands_of_a_mask(write_raster, scene):
    """Grey written as RGB is a mask, an alpha band is its extent, colours are not."""
    grey = np.repeat(expected_field()[None], 3, axis=0)
    opened = read_labels(write_raster("rgb.tif", grey, photometric="rgb"))
    np.testing.assert_array_equal(burn(scene, opened), expected_field())
    alpha = np.stack([expected_field(), np.full((30, 40), 255, np.uint8)])
    alpha[1, 25:] = 0
    mask = burn(scene, read_labels(write_raster("a.tif", alpha, alpha="yes")))
    assert (mask[25:] == 255).all()
    np.testing.assert_array_equal(mask[:25], expected_field()[:25])
    grey[1] = 0
    with pytest.raises(UserError, match="3 bands that differ"):
        read_labels(write_raster("c.tif", grey, photometric="rgb"))


def test_what_a_repaired_outline_leaves_over_is_not_burnt(tmp_path, scene):
    spike = Polygon(
        [
            *((200_005, 499_992), (200_010, 499_992), (200_010, 499_997)),
            *((200_019, 499_997), (200_010, 499_997), (200_005, 499_997)),
        ]
    )
    labels = read_labels(write_vector(tmp_path / "f.gpkg", [spike]))
    np.testing.assert_array_equal(burn(scene, labels), expected_field())


def test_a_turned_grid(tmp_path, scene):
    with rasterio.open(scene, "r+") as raster:
        raster.transform = raster.transform * rasterio.Affine.rotation(50)
        outline = Polygon(
            [raster.transform * corner for corner in [(10.3, 6), (20, 6), (20, 16)]]
        )
    labels = read_labels(write_vector(tmp_path / "f.gpkg", [outline]))
    whole = burn(scene, labels)
    assert 40 < whole.sum() < 60
    for row in range(0, 30, 3):
        part = burn(scene, labels, Window(0, row, 40, 3))
        np.testing.assert_array_equal(part, whole[row : row + 3])


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
    with pytest.raises(UserError, match="can't be read as polygons"):
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
    for options in ({"layer": "a"}, {"where": "b = 1"}, {"all_touched": True}):
        with pytest.raises(UserError, match="are for polygons"):
            read_labels(image, **options)
    fields = write_vector(tmp_path / "fields.gpkg", [FIELD])
    with pytest.raises(UserError, match="--label-values is for rasters"):
        read_labels(fields, values=[1])


def test_what_is_repaired_or_left_out_is_said(tmp_path, scene):
    bow = Polygon(
        [(200_000, 499_990), (200_002, 499_992), (200_002, 499_990), (200_000, 499_992)]
    )
    flat = Polygon([(200_001, 499_990), (200_002, 499_990), (200_001, 499_990)])
    path = write_vector(tmp_path / "f.gpkg", [FIELD, bow, flat, None, Polygon()])
    labels = read_labels(path)
    assert labels.note == (
        "of 5 polygons 2 without a geometry left out, 1 without an area left "
        "out, 1 invalid and repaired"
    )
    assert read_labels(write_vector(tmp_path / "g.gpkg", [FIELD])).note == ""
    with pytest.raises(UserError, match="no polygon has an area"):
        read_labels(write_vector(tmp_path / "h.gpkg", [flat]))


def test_several_layers_must_be_chosen_from(tmp_path, scene):
    path = write_vector(tmp_path / "f.gpkg", [FIELD])
    other = geopandas.GeoDataFrame(geometry=[FIELD.buffer(3)], crs="EPSG:5186")
    other.to_file(path, layer="others")
    with pytest.raises(UserError, match="has the layers fields, others, expected one"):
        read_labels(path)
    mask = burn(scene, read_labels(path, layer="fields"))
    np.testing.assert_array_equal(mask, expected_field())
    with pytest.raises(UserError, match=r"can't be read as polygons .*absent"):
        read_labels(path, layer="absent")


def test_holes_heights_and_curves(tmp_path, scene):
    with_hole = FIELD.difference(FIELD.buffer(-1))
    high = shapely.force_3d(with_hole, 12.0)
    mask = burn(scene, read_labels(write_vector(tmp_path / "f.gpkg", [high])))
    expected = expected_field()
    expected[8:14, 12:18] = 0
    np.testing.assert_array_equal(mask, expected)
    curve = tmp_path / "curve.csv"
    curve.write_text(
        'WKT,name\n"CURVEPOLYGON (CIRCULARSTRING (200005 499994, 200010 499994, '
        '200005 499994))",circle\n'
    )
    circle = tmp_path / "circle.gpkg"
    pyogrio.write_dataframe(
        geopandas.read_file(curve, engine="pyogrio").set_crs("EPSG:5186"), circle
    )
    area = burn(scene, read_labels(circle)).sum() * 0.25
    assert area == pytest.approx(np.pi * 2.5**2, rel=0.05)


def test_polygons_beyond_the_scenes_projection_are_far_away(tmp_path, scene):
    table = geopandas.GeoSeries([box(10, 89, 20, 90)], crs="EPSG:4326")
    table.to_file(tmp_path / "pole.gpkg")
    assert not burn(scene, read_labels(tmp_path / "pole.gpkg")).any()


def test_indices_of_a_colour_table_stay_indices(tmp_path, scene):
    source = expected_field()
    image = Image.fromarray(source).convert("P")
    image.putpalette([7, 7, 7, 200, 0, 0])
    image.save(tmp_path / "m.png")
    mask = burn(scene, read_labels(tmp_path / "m.png"))
    np.testing.assert_array_equal(mask, source)


def test_one_bit_and_three_values(write_raster, scene):
    bits = write_raster("bits.tif", expected_field()[None], NBITS="1")
    np.testing.assert_array_equal(burn(scene, read_labels(bits)), expected_field())
    grey = expected_field()[None] * np.uint8(255)
    grey[0, :2] = 128
    with pytest.raises(UserError, match="holds the values 0, 128, 255, expected"):
        read_labels(write_raster("grey.tif", grey))
    mask = burn(scene, read_labels(write_raster("h.tif", grey), values=[255]))
    np.testing.assert_array_equal(mask, expected_field())


@pytest.mark.parametrize("dtype", ["complex64", "float32"])
def test_what_is_no_mask(write_raster, dtype):
    noise = np.random.default_rng(0).random((1, 300, 300)).astype(dtype)
    with pytest.raises(UserError, match=r"expected a mask|holds more than 65536"):
        read_labels(write_raster("m.tif", noise))


def test_values_that_are_neither_target_nor_background(write_raster, scene):
    classes = np.random.default_rng(0).integers(0, 5, (1, 30, 40)).astype(np.uint8)
    path = write_raster("c.tif", classes)
    mask = burn(scene, read_labels(path, values=[2, 4], ignored=[0]))
    expected = np.select([np.isin(classes[0], (2, 4)), classes[0] == 0], [1, 255], 0)
    np.testing.assert_array_equal(mask, expected)
    with pytest.raises(UserError, match="--label-ignore is for rasters"):
        read_labels(write_vector(path.with_name("f.gpkg"), [FIELD]), ignored=[0])
