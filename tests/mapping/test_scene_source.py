"""A scene is mapped as the training scenes were cut."""

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.mapping.scene_source import open_source
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene

SHAPE = (32, 48)
WHOLE = Window(0, 0, SHAPE[1], SHAPE[0])


def colour_table(write_raster):
    indices = np.random.default_rng(0).integers(0, 4, (1, *SHAPE)).astype(np.uint8)
    path = write_raster("p.tif", indices, nodata=3)
    with rasterio.open(path, "r+") as raster:
        raster.write_colormap(1, {i: (60 * i, 200 - 50 * i, 9, 255) for i in range(4)})
    return path


def rgb_and_more(write_raster, bands, alpha, nodata=None):
    pixels = np.random.default_rng(0).integers(0, 3, (bands, *SHAPE)).astype(np.uint8)
    path = write_raster("a.tif", pixels, nodata=nodata)
    with rasterio.open(path, "r+") as raster:
        kinds = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]
        kinds += [ColorInterp.undefined] * (bands - 3)
        kinds[alpha - 1] = ColorInterp.alpha
        raster.colorinterp = kinds
    return path


def cut(tmp_path, write_raster, path, **settings):
    mask = write_raster("mask.tif", np.ones((1, *SHAPE), np.uint8), crs=None)
    scene = Scene("a", path, LabelSource(mask))
    cut_scenes([scene], tmp_path / "s", Cutting(48, **settings))
    return TileStore(tmp_path / "s")


@pytest.mark.parametrize(
    "make, settings",
    [
        (colour_table, {}),
        (lambda write: rgb_and_more(write, 4, 4), {}),
        (lambda write: rgb_and_more(write, 4, 4), {"bands": (1, 2, 3, 4)}),
        (lambda write: rgb_and_more(write, 4, 4, 0), {"bands": (1, 2, 3, 4)}),
        (lambda write: rgb_and_more(write, 4, 4), {"bands": (4, 2)}),
        (lambda write: rgb_and_more(write, 5, 5), {}),
        (lambda write: rgb_and_more(write, 5, 4), {}),
        (lambda write: rgb_and_more(write, 4, 4, 0), {"nodata": None}),
        (lambda write: rgb_and_more(write, 4, 4, 0), {"nodata": 2.0}),
    ],
)
def test_mapping_reads_what_was_cut(tmp_path, write_raster, make, settings):
    path = make(write_raster)
    store = cut(tmp_path, write_raster, path, **settings)
    with open_source(path, store.header) as source:
        pixels, valid = source.read(WHOLE)
    np.testing.assert_array_equal(pixels.transpose(1, 2, 0), store.images[0][:32])
    np.testing.assert_array_equal(valid, store.masks[0][:32] != 255)


def test_a_band_that_is_read_does_not_mask_while_resampling(tmp_path, write_raster):
    """GDAL's warp takes what is flagged alpha for a mask, unless it is told not to."""
    path = rgb_and_more(write_raster, 4, 4)
    store = cut(tmp_path, write_raster, path, bands=(1, 2, 3, 4))
    with open_source(path, store.header, resample=True) as source:
        pixels, valid = source.read(WHOLE)
    assert valid.all()
    np.testing.assert_array_equal(pixels.transpose(1, 2, 0), store.images[0][:32])


def test_other_colours_and_scales_are_refused(tmp_path, write_raster):
    path = rgb_and_more(write_raster, 3, 3)
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    header = cut(tmp_path, write_raster, path).header
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = (ColorInterp.blue, ColorInterp.green, ColorInterp.red)
    with (
        pytest.raises(UserError, match="bands show blue, green, red, the model was"),
        open_source(path, header),
    ):
        pass
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = (ColorInterp.gray,) * 3
        raster.offsets = (0.0, 0.0, -1000.0)
    with (
        pytest.raises(UserError, match=r"scales and offsets .*-1000"),
        open_source(path, header),
    ):
        pass


def test_indices_are_no_intensities(write_raster):
    """A model of one band, cut from a colour table's indices by an older version."""
    path = colour_table(write_raster)
    store = {"band_indexes": [1], "dtype": "uint8", "pixel_size_m": 0.5}
    with (
        pytest.raises(UserError, match="one band holds indices"),
        open_source(path, store),
    ):
        pass


@pytest.mark.parametrize(
    ("profile", "trained", "words"),
    [
        (dict(crs=None), 0.5, "the scene has none"),
        (dict(), None, "the model's training has none"),
    ],
)
def test_what_nobody_knows_the_size_of_is_said_and_not_resampled(
    write_raster, capsys, profile, trained, words
):
    path = write_raster("a.tif", np.ones((1, 8, 8), np.uint8), **profile)
    store = dict(band_indexes=[1], dtype="uint8", pixel_size_m=trained)
    with open_source(path, store):
        assert f"{path}: " in capsys.readouterr().out
    with (
        pytest.raises(UserError, match=words),
        open_source(path, store, resample=True),
    ):
        pass


def test_pixels_that_are_not_square_are_said(write_raster, capsys):
    # Degrees, square, at 60 degrees north: half as wide as high.
    grid = dict(crs="EPSG:4326", pixel=2e-6, origin=(25.0, 60.0))
    path = write_raster("a.tif", np.ones((1, 8, 8), np.uint8), **grid)
    with open_source(path, dict(band_indexes=[1], dtype="uint8", pixel_size_m=0.157)):
        said = capsys.readouterr().out
    assert "pixels aren't square, 0.112 m wide and 0.223 m high" in said


@pytest.mark.parametrize(
    ("factor", "nodata", "words"),
    [
        (1, None, None),
        (100, None, "band 2 lies 1.4e+03 standard deviations off"),
        (100, "all", None),
    ],
)
def test_pixels_that_no_training_had_are_said(write_raster, factor, nodata, words):
    rng = np.random.default_rng(0)
    image = rng.normal([[[90]], [[140]]], [[[20]], [[10]]], (2, 64, 64))
    image[1] *= factor
    image = image.clip(1, 65535).astype(np.uint16)
    if nodata:
        image[:] = 0
    path = write_raster("a.tif", image, nodata=0)
    store = dict(band_indexes=[1, 2], dtype="uint16", pixel_size_m=0.5)
    with open_source(path, {**store, "mean": [90, 140], "std": [20, 10]}) as source:
        source.read(Window(0, 0, 64, 32))
        said = source.unlike_training()
    assert said is None if words is None else words in said
    with open_source(path, store) as source:
        source.read(Window(0, 0, 64, 64))
        assert source.unlike_training() is None
