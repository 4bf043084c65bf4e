import pickle

import numpy as np
import pytest

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError


def test_statistics_are_those_of_the_valid_pixels(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "s", dtype="uint16"))
    valid = store.images[np.asarray(store.masks) != 255].astype(np.float64)
    np.testing.assert_allclose(store.meta["mean"], valid.mean(axis=0))
    np.testing.assert_allclose(store.meta["std"], valid.std(axis=0))
    np.testing.assert_array_equal(store.meta["max"], valid.max(axis=0))
    assert (store.images[np.asarray(store.masks) == 255] == 0).all()


def test_description_matches_the_tiles(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "s"))
    masks = np.asarray(store.masks)
    assert store.meta["positive_tiles"] == 4
    assert store.meta["positive_share"] == (masks == 1).sum() / (masks != 255).sum()
    fraction = store.tiles["positive_fraction"].to_numpy()
    np.testing.assert_allclose(
        fraction, [(m == 1).sum() / (m != 255).sum() for m in masks]
    )


def test_the_fingerprint_notices_a_changed_pixel(tmp_path, make_store):
    path = make_store(tmp_path / "s")
    TileStore(path).verify()
    masks = np.load(path / "masks.npy", mmap_mode="r+")
    masks[2, 3, 4] ^= 1
    masks.flush()
    with pytest.raises(UserError, match="the store was changed"):
        TileStore(path).verify()


def test_the_fingerprint_is_of_the_content(tmp_path, make_store):
    one, same = (TileStore(make_store(tmp_path / n)) for n in ("a", "b"))
    other = TileStore(make_store(tmp_path / "c", seed=1))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_a_store_can_be_pickled_small(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "s", tiles=50))
    assert store.images.shape[0] == 50  # opened before
    text = pickle.dumps(store)
    assert len(text) < 5000
    np.testing.assert_array_equal(pickle.loads(text).masks, store.masks)


@pytest.mark.parametrize("name", ["images.npy", "tiles.gpkg", "store.json"])
def test_a_missing_file_is_named(tmp_path, make_store, name):
    path = make_store(tmp_path / "s")
    (path / name).unlink()
    with pytest.raises(UserError, match=f"has no {name}"):
        TileStore(path)


def test_files_that_do_not_fit_are_refused(tmp_path, make_store):
    path = make_store(tmp_path / "s")
    np.save(path / "masks.npy", np.zeros((2, 16, 16), np.uint8))
    with pytest.raises(UserError, match=r"holds 2 tiles, store.json says 6"):
        TileStore(path)
