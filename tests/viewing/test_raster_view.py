import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from mmext.errors import UserError
from mmext.raster.scene_reader import open_image, open_scene
from mmext.viewing.display_copy import write_display_copy
from mmext.viewing.raster_view import image_view, read_place, why_not_as_it_is

from .builders import CRS, PIXEL, picture, write_cog


def view(path):
    with open_scene(path) as raster:
        return image_view(raster)


def reason(path):
    with open_scene(path) as raster:
        return why_not_as_it_is(raster)


def test_bytes_are_shown_as_they_are(tmp_path):
    found = view(write_cog(tmp_path / "a.tif", picture()))
    assert found.bands == [1, 2, 3]
    assert (found.low, found.high) == ([0.0] * 3, [255.0] * 3)


def test_other_types_are_stretched_band_by_band(tmp_path):
    pixels = np.zeros((5, 100, 100), np.uint16)
    for band in range(5):
        pixels[band] = 1000 * band + np.arange(10000).reshape(100, 100) // 100
    found = view(write_cog(tmp_path / "a.tif", pixels))
    assert found.bands == [1, 2, 3]
    for band in range(3):
        low, high = np.percentile(pixels[band], (2, 98))
        assert (found.low[band], found.high[band]) == pytest.approx((low, high))
    assert found.low[3:] == found.high[3:] == [None, None]


def test_what_is_no_data_stretches_nothing(tmp_path):
    pixels = np.full((1, 64, 64), -9999, np.float32)
    pixels[0, :32] = np.linspace(2, 3, 64)
    pixels[0, 0, 0] = np.nan
    found = view(write_cog(tmp_path / "a.tif", pixels, nodata=-9999))
    assert found.bands == [1]
    assert 2 <= found.low[0] < found.high[0] <= 3


def test_bands_by_their_flags(tmp_path):
    path = tmp_path / "a.tif"
    kinds = (
        ColorInterp.alpha,
        ColorInterp.blue,
        ColorInterp.green,
        ColorInterp.red,
    )
    with rasterio.open(
        path, "w", driver="GTiff", width=9, height=9, count=4, dtype="uint16"
    ) as file:
        file.colorinterp = kinds
        file.write(np.ones((4, 9, 9), np.uint16))
    found = view(path)
    assert found.bands == [4, 3, 2, 1]
    assert (found.low[0], found.high[0]) == (0, 65535)


def test_what_the_page_reads_by_itself(tmp_path):
    assert reason(write_cog(tmp_path / "a.tif", picture())) is None
    jpeg = write_cog(tmp_path / "b.tif", picture(), compress="jpeg")
    assert reason(jpeg) is None
    assert reason(write_cog(tmp_path / "c.tif", picture(), compress="zstd")) is None


@pytest.mark.parametrize(
    ("suffix", "profile", "dtype", "expected"),
    [
        ("png", {"driver": "PNG"}, np.uint8, "it is PNG"),
        ("tif", {"driver": "GTiff"}, np.uint8, "it has no tiles"),
        (
            "tif",
            {"driver": "GTiff", "tiled": True, "blockxsize": 256, "blockysize": 256},
            np.uint8,
            "it has no overviews",
        ),
        ("tif", {"compress": "webp"}, np.uint8, "it is compressed by webp"),
        ("tif", {}, np.float64, "its pixels are float64"),
    ],
)
def test_what_the_page_can_not_read_and_its_copy(
    tmp_path, suffix, profile, dtype, expected
):
    pixels = np.zeros((3, 40, 2500), dtype)
    pixels[:] = np.linspace(0, 255, 2500)
    if profile.get("driver") == "PNG":
        pixels = pixels[:, :, :900]
    path = tmp_path / f"a.{suffix}"
    if "driver" not in profile:
        profile = {**profile, "driver": "COG"}
    write_cog(path, pixels, **profile)
    assert reason(path) == expected
    with open_image(path) as raster:
        assert write_display_copy(raster, tmp_path / "copy.tif") == 1
        bounds = raster.bounds
    copy = tmp_path / "copy.tif"
    assert reason(copy) is None and view(copy).bands == [1, 2, 3, 4]
    with open_scene(copy) as raster:
        assert raster.bounds == bounds
        shown = raster.read().astype(int)
    assert (shown[3] == 255).all() and (shown[0] == shown[2]).all()
    middle = shown[0, 20, pixels.shape[2] // 2]
    assert abs(middle - pixels.astype(int)[0, 20].max() // 2) <= 4


def test_a_copy_of_a_large_raster_is_coarser(tmp_path, monkeypatch):
    monkeypatch.setattr("mmext.viewing.display_copy.MOST_PIXELS", 50)
    path = write_cog(tmp_path / "a.tif", picture(), driver="GTiff")
    with open_image(path) as raster:
        assert write_display_copy(raster, tmp_path / "copy.tif") == 256 / 50
        bounds = raster.bounds
    with open_scene(tmp_path / "copy.tif") as raster:
        assert raster.shape == (50, 50)
        assert raster.bounds == pytest.approx(bounds)


def test_a_colour_table_and_no_data_become_colours(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", nodata=9
    ) as file:
        pixels = np.ones((1, 8, 8), np.uint8)
        pixels[0, 0] = 9
        file.write(pixels)
        file.write_colormap(1, {1: (10, 200, 30, 255), 9: (1, 2, 3, 255)})
    assert reason(path) == "it has a colour table"
    with open_image(path) as raster:
        write_display_copy(raster, tmp_path / "copy.tif")
    with open_scene(tmp_path / "copy.tif") as raster:
        shown = raster.read()
    assert shown[:, 5, 5].tolist() == [10, 200, 30, 255]
    assert shown[3, 0, 0] == 0


def test_a_sheets_place(tmp_path):
    place = read_place(write_cog(tmp_path / "a.tif", picture()))
    assert place.bounds == (5e5, 4e6 - 128, 5e5 + 128, 4e6)
    assert (place.pixel, place.crs, place.rows) == (PIXEL, rasterio.CRS(init=CRS), None)
    # At a zone's central meridian a metre of the grid is 1 / 0.9996 m.
    assert place.metres_per_unit == pytest.approx(1 / 0.9996, rel=1e-4)


def test_a_sheet_in_degrees_and_one_without_a_place(tmp_path):
    step = rasterio.Affine(1e-5, 0, 39, 0, -1e-5, 60)
    degrees = write_cog(tmp_path / "a.tif", picture(), "EPSG:4326", transform=step)
    # At 60° N a degree is 111.41 km from south to north, and 55.80 km across.
    expected = np.sqrt(111_412 * 55_800)
    assert read_place(degrees).metres_per_unit == pytest.approx(expected, rel=1e-3)
    plain = tmp_path / "b.tif"
    with rasterio.open(
        plain, "w", driver="GTiff", width=30, height=20, count=1, dtype="uint8"
    ) as file:
        file.write(np.zeros((1, 20, 30), np.uint8))
    place = read_place(plain)
    assert place.bounds == (0, 0, 30, 20)
    assert (place.crs, place.metres_per_unit, place.rows) == (None, None, 20)


def test_a_turned_raster_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    turned = rasterio.Affine.translation(5e5, 4e6) * rasterio.Affine.rotation(10)
    write_cog(path, picture(), transform=turned, driver="GTiff")
    with pytest.raises(UserError, match="is turned or mirrored"):
        read_place(path)
