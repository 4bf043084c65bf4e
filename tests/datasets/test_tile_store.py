import json
import os
import pickle
import re
import resource
import shutil
from collections import namedtuple

import geopandas
import numpy as np
import pytest

from mmext.datasets import store_checks
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio.new_array import new_array
from mmext.prepare.store_files import refuse_small_disk
from mmext.prepare.tile_arrays import tile_arrays

from ..faults.mutations import mutate


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
    with pytest.raises(
        UserError, match=r"masks.npy: shape \(2, 16, 16\), expected \(6"
    ):
        TileStore(path)


def change(path, **values):
    """Write other values into ``store.json``; None removes a key."""
    record = json.loads((path / "store.json").read_text())
    for key, value in values.items():
        record[key] = value
        if value is None:
            del record[key]
    (path / "store.json").write_text(json.dumps(record))


def change_table(path, column, row, value):
    table = geopandas.read_file(path / "tiles.gpkg", layer="tiles")
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    table[column] = table[column].infer_objects()
    (path / "tiles.gpkg").unlink()
    table.to_file(path / "tiles.gpkg", layer="tiles")


ESCAPES = ["../../escape", "/etc/passwd", "..", "", "a/b", "a\\b", "a\nb", "a" * 300]


@pytest.mark.parametrize("name", ESCAPES)
def test_names_can_not_lead_out_of_a_folder(tmp_path, make_store, name):
    path = make_store(tmp_path / "s")
    scenes = TileStore(path).meta["scenes"]
    change(path, scenes={name: scenes["scene"]})
    with pytest.raises(UserError, match=r"store\.json\.scenes.*expected a"):
        TileStore(path)
    change(path, scenes=scenes)
    change_table(path, "scene", 2, name)
    with pytest.raises(UserError, match=r"tiles\.gpkg: has tiles of scene"):
        TileStore(path).tiles  # noqa: B018


@pytest.mark.parametrize(
    "values, message",
    [
        (dict(dtype="uint16"), "images.npy: data type uint8, expected uint16"),
        (dict(dtype="object"), "store.json.dtype: is 'object', expected one of uint8"),
        (dict(tile_size=8), "shape (6, 16, 16, 3), expected (6, 8, 8, 3)"),
        (dict(num_tiles=10**18), "shape (6, 16, 16, 3), expected (1000000000000000000"),
        (dict(num_tiles="6"), "num_tiles: is '6', expected a whole number"),
        (dict(bands=["a"]), "store.json.band_indexes: has 3 values, expected one for"),
        (dict(mean=[1.0, float("nan"), 2.0]), "store.json.mean[1]: is nan, expected a"),
        (dict(fingerprint=None), "store.json.fingerprint: missing"),
        (dict(format=2), "store.json.format: is 2, expected 1"),
        (dict(crs="nowhere"), "store.json.crs: is no coordinate system"),
        (dict(positive_share=1.5), "positive_share: is 1.5, expected at most 1"),
    ],
)
def test_descriptions_that_do_not_fit_are_one_line(
    tmp_path, make_store, values, message
):
    path = make_store(tmp_path / "s")
    change(path, **values)
    with pytest.raises(UserError, match=re.escape(message)) as error:
        TileStore(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("row_off", -16, "row_off of tile 2 is -16, expected a whole number from 0"),
        ("col_off", 10**6, "col_off of tile 2 is 1e+06"),
        ("tile_id", 3, "tile_id does not count from 0 to 5"),
        ("positive_fraction", 7.0, "positive_fraction is not from 0 to 1"),
        ("valid_fraction", None, "valid_fraction holds no finite numbers"),
    ],
)
def test_tables_that_do_not_fit_are_one_line(
    tmp_path, make_store, column, value, message
):
    path = make_store(tmp_path / "s")
    change_table(path, column, 2, value)
    with pytest.raises(UserError, match=re.escape(message)):
        TileStore(path).tiles  # noqa: B018


def test_keys_of_a_later_version_stay(tmp_path, make_store):
    path = make_store(tmp_path / "s")
    change(path, sensor="drone")
    assert TileStore(path).header["sensor"] == "drone"
    assert not {"scenes", "checks"} & set(TileStore(path).header)


@pytest.mark.parametrize("name", ["images.npy", "masks.npy", "tiles.gpkg"])
def test_damaged_files_never_give_a_traceback(tmp_path, make_store, name):
    path = make_store(tmp_path / "s")
    whole = (path / name).read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        (path / name).write_bytes(mutate(whole, rng))
        try:
            TileStore(path).verify(full=True)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error)
    # A table has bytes that mean nothing; an array has none.
    assert refused >= (40 if name == "tiles.gpkg" else 59)


def test_an_unchanged_store_is_not_read(tmp_path, make_store, monkeypatch, capsys):
    store = TileStore(make_store(tmp_path / "s", tiles=50))
    monkeypatch.setattr("mmext.datasets.tile_store.fingerprint", pytest.fail)
    store.verify()
    assert capsys.readouterr().out == ""


def test_a_changed_tile_of_the_same_size_and_time_is_noticed(tmp_path, make_store):
    path = make_store(tmp_path / "s")
    state = (path / "images.npy").stat()
    images = np.load(path / "images.npy", mmap_mode="r+")
    images[5, 0, 0, 0] += 1
    images.flush()
    os.utime(path / "images.npy", ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(UserError, match="tile 5 was changed"):
        TileStore(path).verify()


def test_a_copy_is_compared_in_full(tmp_path, make_store, capsys):
    path = make_store(tmp_path / "s", tiles=50)
    shutil.copytree(path, tmp_path / "c", copy_function=shutil.copyfile)
    TileStore(tmp_path / "c").verify()
    assert "copied or changed since it was made" in capsys.readouterr().out
    masks = np.load(tmp_path / "c" / "masks.npy", mmap_mode="r+")
    masks[1, 3, 4] ^= 1
    masks.flush()
    with pytest.raises(UserError, match="the store was changed"):
        TileStore(tmp_path / "c").verify()


def test_an_older_store_is_compared_in_full(tmp_path, make_store, capsys):
    path = make_store(tmp_path / "s")
    change(path, checks=None)
    TileStore(path).verify()
    assert "an older store" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["masks", "mean", "positive_fraction"])
def test_what_the_fingerprint_does_not_know(tmp_path, make_store, what):
    """A store of wrong content from the beginning, or with an edited description."""
    path = make_store(tmp_path / "s")
    if what == "masks":
        masks = np.load(path / "masks.npy")
        masks[masks == 1] = 7
        np.save(path / "masks.npy", masks)
        store = TileStore(path)
        places = [store.tiles[name] for name in ("scene", "row_off", "col_off")]
        change(
            path,
            fingerprint=store_checks.fingerprint(*places, store.masks, store.images),
        )
    elif what == "mean":
        change(path, mean=[1.0, 2.0, 3.0])
    else:
        change_table(path, what, 1, 0.5)
    with pytest.raises(UserError, match=f"{what}.*(holds 7|say)"):
        TileStore(path).verify(full=True)


def test_room_is_looked_for_first(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9e6, 7e6, 2_000_000))
    with pytest.raises(UserError, match=r"6\.3 MB are needed .*, 2\.0 MB are free"):
        refuse_small_disk(tmp_path, 3500, 3500 * 16 * 16 * 2)


def test_room_that_is_not_there_is_one_line(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(UserError, match="no room for it on the disk"):
            new_array(tmp_path / "a.npy", (1 << 20,), np.dtype("uint8"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_gets_full_is_one_line(tmp_path):
    """Where room can't be reserved, it ends while the tiles are written."""
    (tmp_path / "images.npy").symlink_to("/dev/full")
    image, mask = np.zeros((64, 64, 1), np.uint8), np.zeros((64, 64), np.uint8)
    with (
        pytest.raises(UserError, match=r"s: can't be written \(no space left"),
        tile_arrays(tmp_path, tmp_path / "s", 64, 1, np.dtype("uint8")) as add,
    ):
        for _ in range(100):
            add(image, mask)


def test_room_is_reserved(tmp_path):
    """Not only promised: a sparse file of that size would have no blocks."""
    shape = (200, 64, 64, 3)
    new_array(tmp_path / "images.npy", shape, np.dtype("uint16")).close()
    taken = (tmp_path / "images.npy").stat().st_blocks * 512
    assert taken >= 2 * np.prod(shape)


def test_tiles_of_a_scene(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store", tiles=5))
    store.tiles["scene"] = ["b", "a", "b", "b", "a"]
    assert store.tiles_of("b")["tile_id"].tolist() == [0, 2, 3]
    assert store.tiles_of("a").equals(store.tiles[store.tiles["scene"] == "a"])
    assert len(store.tiles_of("none")) == 0
