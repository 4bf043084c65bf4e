"""Scenes on a server: read as those here are, by the blocks that are needed."""

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from mmext.errors import UserError
from mmext.location import locate
from mmext.raster.scene_reader import SceneReader, open_image

SIDE, BLOCK = 2048, 256
GRID = rasterio.Affine(0.5, 0, 400_000, 0, -0.5, 6_000_000)


def write_cog(path, count=3, **profile):
    """Noise, which no compression makes small."""
    image = np.random.default_rng(0).integers(1, 256, (count, SIDE, SIDE), np.uint8)
    image[:, :300, :300] = 0
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=count,
        height=SIDE,
        width=SIDE,
        dtype="uint8",
        crs="EPSG:32633",
        transform=GRID,
        blocksize=BLOCK,
        compress="deflate",
        **profile,
    ) as raster:
        raster.write(image)
    return path


def windows_of(place, windows):
    with open_image(place) as raster:
        reader = SceneReader(raster, place)
        return [reader.read(window) for window in windows]


@pytest.fixture
def cog(server):
    return write_cog(server.folder / "a.tif", nodata=0)


def test_a_window_is_what_it_is_here_and_only_its_blocks_are_served(server, cog):
    windows = [Window(200, 200, 300, 300), Window(1030, 1030, 200, 200)]
    found = windows_of(locate(f"{server.url}/a.tif"), windows)
    answers = server.log()
    for (pixels, valid), (own_pixels, own_valid) in zip(
        found, windows_of(cog, windows), strict=True
    ):
        np.testing.assert_array_equal(pixels, own_pixels)
        np.testing.assert_array_equal(valid, own_valid)
    assert not found[0][1].all()
    # Four blocks and one, of three bands, and the header; whatever is served comes in
    # pieces of 16 KiB, at both ends of what is asked for.
    blocks = 5 * 3 * BLOCK**2
    served = sum(answer.sent for answer in answers)
    assert served < blocks + 32_768 + 2 * 2 * 16_384
    assert served < cog.stat().st_size / 10
    # Neither its folder nor what may lie beside it is looked for.
    assert {answer.path for answer in answers} == {"/a.tif"}


def test_neighbours_here_still_count_after_a_file_elsewhere(server, cog, tmp_path):
    windows_of(locate(f"{server.url}/a.tif"), [Window(0, 0, 8, 8)])
    own = tmp_path / "b.tif"
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False),
        rasterio.open(
            own, "w", driver="GTiff", count=1, height=8, width=8, dtype="uint8"
        ) as raster,
    ):
        raster.write(np.ones((1, 8, 8), np.uint8))
        raster.write_mask(np.eye(8, dtype=bool))
    assert own.with_name("b.tif.msk").is_file()
    [(_, valid)] = windows_of(own, [Window(0, 0, 8, 8)])
    np.testing.assert_array_equal(valid, np.eye(8, dtype=bool))


def test_a_mask_beside_a_file_elsewhere_is_said_to_be_left_out(
    server, tmp_path, monkeypatch
):
    profile = dict(driver="GTiff", count=1, height=8, width=8, dtype="uint8")
    path = server.folder / "b.tif"
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False),
        rasterio.open(path, "w", **profile) as raster,
    ):
        raster.write(np.ones((1, 8, 8), np.uint8))
        raster.write_mask(np.eye(8, dtype=bool))
    place = locate(f"{server.url}/b.tif")
    with open_image(place) as raster:
        reader = SceneReader(raster, place)
        assert reader.read(Window(0, 0, 8, 8))[1].all()
        mask, system = reader.notes()
    assert "b.tif.msk, and isn't read; GDAL_DISABLE_READDIR_ON_OPEN=FALSE" in mask
    assert "a world file or .aux.xml beside it would not be read" in system
    monkeypatch.setenv("GDAL_DISABLE_READDIR_ON_OPEN", "TRUE")
    with open_image(locate(f"{server.url}/b.tif?again")) as raster:
        reader = SceneReader(raster, place)
        assert reader.notes() == []


@pytest.mark.parametrize("kind", ["palette", "mask"])
def test_views_of_a_file_elsewhere_are_those_of_one_here(server, kind):
    path = server.folder / "c.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=64,
        width=64,
        dtype="uint8",
        crs="EPSG:32633",
        transform=GRID,
        photometric="palette" if kind == "palette" else "minisblack",
    ) as raster:
        raster.write(np.arange(64 * 64, dtype=np.uint8).reshape(1, 64, 64))
        if kind == "palette":
            raster.write_colormap(1, {i: (i, 255 - i, 7, 255) for i in range(256)})
        else:
            raster.write_mask(np.tri(64, dtype=bool))
    windows = [Window(3, 5, 40, 40)]
    [(pixels, valid)] = windows_of(locate(f"{server.url}/c.tif"), windows)
    assert {answer.path for answer in server.log()} == {"/c.tif"}
    [(own_pixels, own_valid)] = windows_of(path, windows)
    np.testing.assert_array_equal(pixels, own_pixels)
    np.testing.assert_array_equal(valid, own_valid)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.tif", r"/none\.tif: no such file \(.*404\)"),
        ("a.tif?sig=not-the-right-one", r"/a\.tif: can't be read \(.*403\)"),
        ("text.tif?sig=1", r"/text\.tif: can't be read as a raster"),
    ],
)
def test_what_can_not_be_opened_is_one_line(server, cog, name, said):
    (server.folder / "text.tif").write_text("no raster")
    server.set(query=None if "none" in name else "sig=1")
    with pytest.raises(UserError, match=said) as refused:
        windows_of(locate(f"{server.url}/{name}"), [])
    assert "right" not in str(refused.value)


def test_a_server_that_stops_in_the_middle_is_one_line(server, cog, caplog):
    place = locate(f"{server.url}/a.tif?signature=SECRETSECRET")
    with open_image(place) as raster:
        reader = SceneReader(raster, place)
        reader.read(Window(0, 0, BLOCK, BLOCK))
        server.set(down=True)
        with pytest.raises(
            UserError, match=r"/a\.tif: can't be read \(.*503\)"
        ) as said:
            reader.read(Window(1024, 1024, BLOCK, BLOCK))
    assert "SECRET" not in str(said.value) + caplog.text
