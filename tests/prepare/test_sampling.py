"""Tiles drawn at random of images without labels."""

import shutil

import numpy as np
import pytest

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.prepare.sampling import sample_tiles
from mmext.prepare.sampling_settings import Sampling

SMALL = dict(tiles=40, tile_size=16)


def numbered(height, width, bands=2, dtype="uint16"):
    """Pixels that say where they are; none is 0."""
    array = 1 + np.arange(bands * height * width).reshape(bands, height, width)
    return array.astype(dtype)


def draw(images, out, **settings):
    sample_tiles(images, out, Sampling(**{**SMALL, **settings}))
    return TileStore(out)


def test_tiles_are_windows_inside_their_images(write_raster, tmp_path):
    arrays = {"a": numbered(40, 30), "b": numbered(16, 90), "c": numbered(20, 16)}
    images = [
        write_raster("a.tif", arrays["a"], "EPSG:5186"),
        write_raster("b.tif", arrays["b"], "EPSG:32637", pixel=3.0),
        write_raster("c.tif", arrays["c"], None),
    ]
    store = draw(images, tmp_path / "tiles", tiles=200)
    assert len(store) == 200 and store.meta["crs"] is None
    for tile in store.tiles.itertuples():
        window = np.s_[
            :, tile.row_off : tile.row_off + 16, tile.col_off : tile.col_off + 16
        ]
        expected = arrays[tile.scene][window]
        assert expected.shape == (2, 16, 16)
        found = store.images[tile.tile_id].transpose(2, 0, 1)
        np.testing.assert_array_equal(found, expected)
    assert not store.masks.any()
    # To the last row and column, and each place as likely: 25 x 15, 75 and 5 places.
    of_a = store.tiles[store.tiles["scene"] == "a"]
    assert of_a["row_off"].max() > 20 and of_a["col_off"].max() == 14
    numbers = store.tiles["scene"].value_counts()
    assert numbers["a"] == pytest.approx(200 * 375 / 455, abs=22)
    assert numbers["b"] == pytest.approx(200 * 75 / 455, abs=22)
    store.verify(full=True)


def test_the_seed_says_which(write_raster, tmp_path):
    images = [write_raster("a.tif", numbered(60, 60))]
    one, same, other = (
        draw(images, tmp_path / name, seed=seed)
        for name, seed in (("one", 3), ("same", 3), ("other", 4))
    )
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_what_shows_nothing_is_left_out_and_counted(write_raster, tmp_path, capsys):
    array = numbered(48, 96)
    array[:, :, 48:] = 0
    images = [write_raster("a.tif", array, nodata=0)]
    store = draw(images, tmp_path / "tiles", min_valid=0.75)
    out = capsys.readouterr().out
    assert len(store) == 40
    assert (store.tiles["valid_fraction"] >= 0.75).all()
    # A place of which a quarter is empty is there, too, and says where.
    cut = store.tiles["valid_fraction"] < 1
    assert cut.any()
    for tile in store.tiles[cut].itertuples():
        np.testing.assert_array_equal(
            store.masks[tile.tile_id] == 255,
            np.broadcast_to(np.arange(16) + tile.col_off >= 48, (16, 16)),
        )
    assert "places left out: no valid pixel" in out
    assert "places left out: fewer than 75% of their pixels valid" in out
    counts = [
        int(line.split()[0]) for line in out.splitlines() if "places left" in line
    ]
    # 33 of 81 columns are empty, 12 have too little.
    assert sum(counts) == pytest.approx(40 * 45 / 36, rel=0.6)
    assert store.meta["mean"][0] == pytest.approx(
        store.images[store.masks == 0][:, 0].mean()
    )


def test_images_smaller_than_a_tile_are_left_out_and_said(
    write_raster, tmp_path, capsys
):
    images = [
        write_raster("a.tif", numbered(15, 90)),
        write_raster("b.tif", numbered(16, 16)),
        write_raster("c.tif", numbered(90, 15)),
    ]
    store = draw(images, tmp_path / "tiles", tiles=3)
    assert set(store.tiles["scene"]) == {"b"}
    assert "a.tif and 1 more: left out, smaller than a tile" in capsys.readouterr().out
    with pytest.raises(UserError, match="all of 2 images; --tile-size takes smaller"):
        draw([images[0], images[2]], tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_fewer_tiles_than_asked_for_are_said(write_raster, tmp_path, capsys):
    array = numbered(500, 16)
    array[:, 17:] = 0
    images = [write_raster("a.tif", array, nodata=0)]
    store = draw(images, tmp_path / "tiles", min_valid=1.0, tiles=20)
    assert 0 < len(store) < 20
    assert (
        f"20 tiles were asked for; 10 rounds of drawing found {len(store)}"
        in capsys.readouterr().out
    )


def test_nothing_valid_is_refused_and_leaves_nothing(write_raster, tmp_path):
    images = [write_raster("a.tif", 0 * numbered(40, 40), nodata=0)]
    with pytest.raises(UserError, match="none of 400 places in 1 images has 50%"):
        draw(images, tmp_path / "tiles")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (numbered(40, 40, bands=3), r"b\.tif: bands"),
        (numbered(40, 40, dtype="uint8"), r"b\.tif: dtype uint8, the first scene has"),
    ],
)
def test_images_of_other_bands_or_types_are_refused(
    other, message, write_raster, tmp_path
):
    images = [write_raster("a.tif", numbered(40, 40)), write_raster("b.tif", other)]
    with pytest.raises(UserError, match=message):
        draw(images, tmp_path / "tiles")


def test_bands_are_taken_as_asked(write_raster, tmp_path):
    images = [write_raster("a.tif", numbered(40, 40, bands=3))]
    store = draw(images, tmp_path / "tiles", bands=(3, 1))
    assert store.meta["band_indexes"] == [3, 1]
    assert (store.images[..., 0] - store.images[..., 1] == 2 * 1600).all()


def test_a_store_that_is_there_is_kept_or_refused(write_raster, tmp_path, capsys):
    images = [write_raster("a.tif", numbered(40, 40))]
    out = tmp_path / "tiles"
    first = draw(images, out, bands=(1,)).fingerprint
    assert draw(images, out, bands=(1,)).fingerprint == first
    assert "has been drawn already" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"other settings \(tiles, seed\)"):
        draw(images, out, bands=(1,), tiles=3, seed=1)
    sample_tiles(images, out, Sampling(tiles=3, tile_size=16), overwrite=True)
    assert len(TileStore(out)) == 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_another_store_is_never_replaced(overwrite, write_raster, make_store, tmp_path):
    images = [write_raster("a.tif", numbered(40, 40))]
    labelled = make_store(tmp_path / "tiles")
    with pytest.raises(UserError, match="was not drawn of images"):
        sample_tiles(images, labelled, Sampling(**SMALL), overwrite)
    shutil.rmtree(labelled)
    labelled.mkdir()
    (labelled / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not a tile store"):
        sample_tiles(images, labelled, Sampling(**SMALL), overwrite)
