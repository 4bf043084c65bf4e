import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from mmext.errors import UserError
from mmext.raster.scene_reader import SceneReader, open_image, open_scene

SHAPE = (20, 31)
WHOLE = Window(0, 0, SHAPE[1], SHAPE[0])


def image(bands, dtype="uint8"):
    return np.random.default_rng(0).integers(1, 250, (bands, *SHAPE)).astype(dtype)


def read(path, indexes=None, nodata="auto"):
    with open_image(path, indexes) as raster:
        reader = SceneReader(raster, path, indexes, nodata)
        return *reader.read(WHOLE), reader.notes()


def flag(path, *kinds):
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = kinds
    return path


RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 6])
def test_the_last_band_as_alpha_masks_whatever_the_number(write_raster, bands):
    """GDAL itself takes only the second of two and the fourth of four for a mask."""
    pixels = image(bands + 1)
    pixels[-1] = 255
    pixels[-1, 5:9] = 0
    kinds = [ColorInterp.gray] + [ColorInterp.undefined] * (bands - 1)
    path = flag(write_raster("a.tif", pixels), *kinds, ColorInterp.alpha)
    found, valid, notes = read(path)
    np.testing.assert_array_equal(found, pixels[:-1])
    np.testing.assert_array_equal(valid, pixels[-1] > 0)
    assert len(notes) == 1 and "looks like data" not in notes[0]
    # The same band, read, is data.
    everything = tuple(range(1, bands + 2))
    found, valid, notes = read(path, everything)
    np.testing.assert_array_equal(found, pixels)
    assert valid.all() and notes == []


def test_no_data_counts_beside_an_alpha_band_that_is_read(write_raster):
    pixels = image(4)
    pixels[:, 3, 4] = 0
    pixels[3, 7] = 0
    path = write_raster("a.tif", pixels, photometric="rgb", alpha="yes", nodata=0)
    _, valid, _ = read(path, (1, 2, 3, 4))
    expected = np.ones(SHAPE, bool)
    expected[3, 4] = False
    np.testing.assert_array_equal(valid, expected)


@pytest.mark.parametrize("internal", [True, False])
def test_a_mask_beside_the_bands_counts(write_raster, internal):
    pixels = image(4)
    path = flag(write_raster("a.tif", pixels), *RGB, ColorInterp.alpha)
    outside = np.zeros(SHAPE, bool)
    outside[:, 20:] = True
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal),
        rasterio.open(path, "r+") as raster,
    ):
        raster.write_mask(~outside)
    _, valid, _ = read(path, (1, 2, 3, 4))
    np.testing.assert_array_equal(valid, ~outside)


def test_no_data_that_differs_by_band(tmp_path, write_raster):
    source = write_raster("a.tif", image(2))
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{b}"><NoDataValue>{value}</NoDataValue>'
        f'<SimpleSource><SourceFilename relativeToVRT="1">a.tif</SourceFilename>'
        f"<SourceBand>{b}</SourceBand></SimpleSource></VRTRasterBand>"
        for b, value in ((1, 0), (2, 255))
    )
    with rasterio.open(source, "r+") as raster:
        pixels = raster.read()
        pixels[0, 2] = 0
        pixels[1, 2, :5] = 255
        raster.write(pixels)
    path = tmp_path / "a.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="31" rasterYSize="20">{bands}</VRTDataset>'
    )
    _, valid, notes = read(path)
    np.testing.assert_array_equal(~valid, (pixels[0] == 0) & (pixels[1] == 255))
    assert "no-data differs by band (0, 255)" in notes[0]


@pytest.mark.parametrize("nodata, dtype", [(0.5, "uint8"), (1.25, "uint16")])
def test_no_data_outside_the_type_is_said(write_raster, nodata, dtype):
    path = write_raster("a.tif", image(1, dtype))
    aux = path.with_name("a.tif.aux.xml")
    aux.write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>'
        f"{nodata}</NoDataValue></PAMRasterBand></PAMDataset>"
    )
    *_, notes = read(path)
    assert any("can't occur in" in note for note in notes), notes
    with pytest.raises(UserError, match=r"--nodata: is .*, expected a value of"):
        read(path, nodata=float(nodata))


def test_not_a_number_as_no_data(write_raster):
    pixels = image(2, "float32")
    pixels[:, 3] = np.nan
    pixels[0, 4, 4] = np.inf
    _, valid, notes = read(write_raster("a.tif", pixels, nodata=np.nan))
    np.testing.assert_array_equal(valid, np.isfinite(pixels).all(axis=0))
    assert notes == []


def test_tags_that_are_not_applied_are_said(write_raster):
    path = write_raster("a.tif", image(1, "uint16"))
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.0001,), (-0.1,)
    pixels, _, notes = read(path)
    np.testing.assert_array_equal(pixels, image(1, "uint16"))
    assert "raw values are taken" in notes[0]


def test_twelve_bits_and_ycbcr(write_raster):
    twelve = image(3, "uint16") * 16
    found, valid, _ = read(write_raster("a.tif", twelve, NBITS="12"))
    np.testing.assert_array_equal(found, twelve)
    assert valid.all()
    smooth = np.broadcast_to(
        np.array([200, 90, 30], np.uint8)[:, None, None], (3, 32, 32)
    )
    path = write_raster(
        "b.tif", smooth.copy(), compress="jpeg", photometric="ycbcr", interleave="pixel"
    )
    with open_image(path) as raster:
        found, _ = SceneReader(raster, path).read(Window(0, 0, 32, 32))
    assert np.abs(found.astype(int) - smooth).max() < 4


@pytest.mark.parametrize("dtype", ["int16", "int32", "float64", "complex64"])
def test_other_data_types_are_refused(write_raster, dtype):
    path = write_raster("a.tif", image(1, dtype))
    with pytest.raises(UserError, match=f"data type {dtype}, expected one of uint8"):
        read(path)


def test_places_that_can_not_be(write_raster):
    path = write_raster("a.tif", image(1))
    with rasterio.open(path, "r+") as raster:
        raster.transform = rasterio.Affine(0, 0, 5, 0, 0, 5)
    with pytest.raises(UserError, match="can't be inverted"), open_scene(path):
        pass
    path = write_raster("b.tif", image(1), crs=None)
    with rasterio.open(path, "r+") as raster:
        raster.crs = "EPSG:5186"
    with pytest.raises(UserError, match="no place in it"), open_image(path):
        pass


def test_ground_control_points_are_said(write_raster):
    path = write_raster("a.tif", image(1), crs=None)
    points = [
        rasterio.control.GroundControlPoint(row, col, 2e5 + col, 5e5 - row)
        for row, col in ((0, 0), (0, 30), (19, 0))
    ]
    with rasterio.open(path, "r+") as raster:
        raster.gcps = (points, rasterio.CRS.from_epsg(5186))
    _, _, notes = read(path)
    assert "ground control points alone" in notes[0]
