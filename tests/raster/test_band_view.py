import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp, MaskFlags

from mmext.raster.band_view import expanded_bands, open_view, unmasking_bands

TABLE = np.array([(10, 20, 30), (200, 100, 50), (1, 2, 3), (250, 0, 0)], np.uint8)
INDICES = np.random.default_rng(0).integers(0, 4, (20, 31)).astype(np.uint8)


@pytest.mark.parametrize("transparency", [None, 2, bytes([0, 128, 255, 255])])
@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_colours_are_those_of_pillow(tmp_path, suffix, transparency):
    path = tmp_path / f"image{suffix}"
    image = Image.fromarray(INDICES).convert("P")
    image.putpalette(TABLE.tobytes())
    if suffix == ".gif" and isinstance(transparency, bytes):
        pytest.skip("a GIF has one transparent colour")
    options = {} if transparency is None else {"transparency": transparency}
    image.save(path, **options)
    with rasterio.open(path) as raster, open_view(raster, expanded_bands(raster)) as v:
        expected = np.asarray(Image.open(path).convert("RGBA")).transpose(2, 0, 1)
        np.testing.assert_array_equal(v.read([1, 2, 3]), expected[:3])
        if v.count == 4:
            assert v.colorinterp[3] is ColorInterp.alpha
            np.testing.assert_array_equal(v.read(4), expected[3])
        else:
            np.testing.assert_array_equal(v.read_masks(1), expected[3])


def test_a_raster_without_a_table_is_not_expanded(write_raster):
    with rasterio.open(write_raster("a.tif", INDICES[None])) as raster:
        assert expanded_bands(raster) is None


def test_a_band_that_is_read_loses_its_alpha_flag(tmp_path, write_raster):
    image = np.random.default_rng(1).integers(0, 9, (4, 20, 31)).astype(np.uint16)
    path = write_raster("a & <b>.tif", image, photometric="rgb", alpha="yes", nodata=7)
    with (
        rasterio.open(path) as raster,
        open_view(raster, unmasking_bands(raster, (1, 4))) as view,
    ):
        np.testing.assert_array_equal(view.read(), image)
        assert ColorInterp.alpha not in view.colorinterp
        assert view.crs == raster.crs and view.transform == raster.transform
        assert view.nodatavals == raster.nodatavals


def test_a_mask_beside_the_bands_stays(write_raster):
    outside = INDICES > 1
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write_raster("a.tif", np.stack([INDICES] * 4))
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(~outside)
            raster.colorinterp = [*raster.colorinterp[:3], ColorInterp.alpha]
    with (
        rasterio.open(path) as raster,
        open_view(raster, unmasking_bands(raster, (1, 2, 3, 4))) as view,
    ):
        assert MaskFlags.per_dataset in view.mask_flag_enums[0]
        np.testing.assert_array_equal(view.read_masks(1) == 0, outside)
