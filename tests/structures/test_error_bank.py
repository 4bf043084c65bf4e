import json
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmext.errors import UserError
from mmext.structures import ErrorBank


def make_bank(counts: bool = False, tiles: int = 3, shape=(5, 7)) -> ErrorBank:
    return ErrorBank(tiles, shape, fingerprint="f" * 64, counts=counts)


def random_pass(rng, tiles=3, shape=(5, 7)):
    predicted = rng.random((tiles, *shape)) < 0.5
    target = rng.choice(np.array([0, 1, 255], np.uint8), (tiles, *shape))
    return predicted, target


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9))
def test_bits_equal_a_pixel_loop(seed, height, width):
    rng = np.random.default_rng(seed)
    bank = make_bank(tiles=2, shape=(height, width))
    target = rng.choice(np.array([0, 1, 255], np.uint8), (2, height, width))
    expected = np.zeros((2, height, width), np.uint8)
    for epoch in (1, 2):
        predicted = rng.random((2, height, width)) < 0.5
        bank.update(np.arange(2), predicted, target, epoch)
        for index in np.ndindex(expected.shape):
            if target[index] == 1 and not predicted[index]:
                expected[index] = 1
            elif target[index] == 0 and predicted[index]:
                expected[index] = 2
    for tile in range(2):
        np.testing.assert_array_equal(bank.codes(tile), expected[tile])
    assert bank.wrong_pixels() == ((expected == 1).sum(), (expected == 2).sum())


def test_update_is_idempotent_in_bits_and_counts_passes():
    rng = np.random.default_rng(0)
    predicted, target = random_pass(rng)
    bank = make_bank(counts=True)
    bank.update(np.arange(3), predicted, target, epoch=4)
    before = [bank.codes(i) for i in range(3)]
    bank.update(np.arange(3), predicted, target, epoch=9)
    np.testing.assert_array_equal(before, [bank.codes(i) for i in range(3)])
    counts = bank.counts(1)
    wrong = before[1] > 0
    assert (counts["fn_count"] + counts["fp_count"] == 2 * wrong).all()
    assert (counts["first_epoch"] == 4 * wrong).all()
    assert (counts["last_epoch"] == 9 * wrong).all()


def test_counts_stop_at_the_largest_uint16():
    bank = make_bank(counts=True, tiles=1, shape=(1, 1))
    bank._counts["fn_count"][...] = 65535
    bank.update(np.array([0]), np.zeros((1, 1, 1), bool), np.ones((1, 1, 1), "u1"), 1)
    assert bank.counts(0)["fn_count"] == 65535


def test_cfdr_by_hand():
    bank = make_bank(tiles=1, shape=(2, 5))
    target = np.array([[[1, 1, 0, 0, 255], [0, 0, 0, 0, 255]]], np.uint8)
    predicted = np.array([[[0, 1, 1, 1, 1], [0, 0, 0, 0, 0]]], bool)
    bank.update(np.array([0]), predicted, target, 1)
    assert bank.cfdr(valid_pixels=8) == {"total": 3 / 8, "fn": 1 / 8, "fp": 2 / 8}


@pytest.mark.parametrize("counts", [False, True])
def test_snapshot_and_state_round_trip(tmp_path, counts):
    rng = np.random.default_rng(1)
    bank = make_bank(counts)
    _, target = random_pass(rng)
    for epoch in (2, 3):
        bank.update(np.arange(3), rng.random(target.shape) < 0.5, target, epoch)
        bank.passes += 1
    path = tmp_path / "error_bank_epoch_3.npz"
    bank.save(path, begin=1, epoch=3, threshold=0.5, valid_pixels=100)
    loaded = ErrorBank.load(path)
    torch.save(bank.state_dict(), tmp_path / "state.pth")
    restored = make_bank(counts)
    restored.load_state_dict(torch.load(tmp_path / "state.pth", weights_only=True))
    for other in (loaded, restored):
        assert other.passes == 2
        for tile in range(3):
            np.testing.assert_array_equal(other.codes(tile), bank.codes(tile))
            if counts:
                for key, values in bank.counts(tile).items():
                    np.testing.assert_array_equal(other.counts(tile)[key], values)
    assert loaded.meta["epoch"] == 3
    assert loaded.meta["cfdr"] == bank.cfdr(100)["total"]
    assert list(tmp_path.glob(".*")) == []


def test_another_stores_state_is_refused():
    state = make_bank().state_dict()
    other = ErrorBank(3, (5, 7), fingerprint="0" * 64)
    with pytest.raises(UserError, match=r"ffffffffffff, expected 000000000000"):
        other.load_state_dict(state)


def test_missing_torn_and_foreign_files_are_one_line_errors(tmp_path):
    with pytest.raises(UserError, match="no such error bank"):
        ErrorBank.load(tmp_path / "absent.npz")
    torn = tmp_path / "torn.npz"
    make_bank().save(torn, valid_pixels=1)
    torn.write_bytes(torn.read_bytes()[:50])
    with pytest.raises(UserError, match="not an error bank"):
        ErrorBank.load(torn)
    old = tmp_path / "old.npz"
    np.savez(old, meta=np.array(json.dumps({"format": 0})))
    with pytest.raises(UserError, match="format 0, expected 1"):
        ErrorBank.load(old)


def test_counts_are_refused_where_there_are_none():
    with pytest.raises(UserError, match="has no counts"):
        make_bank().counts(0)
    with pytest.raises(UserError, match="has no counts"):
        make_bank(counts=True).load_state_dict(make_bank().state_dict() | {"passes": 1})


def test_counts_may_begin_where_nothing_was_accumulated():
    bank = make_bank(counts=True)
    bank.load_state_dict(make_bank().state_dict())
    assert not bank.counts(0)["fn_count"].any()


def write_npz(path, source, **changes):
    """A snapshot with other arrays, or with other keys of its ``meta``."""
    with np.load(source) as data:
        arrays = {key: data[key] for key in data.files}
    meta = json.loads(str(arrays["meta"])) | changes.pop("meta", {})
    np.savez_compressed(path, **arrays | changes | {"meta": np.array(json.dumps(meta))})


@pytest.fixture
def snapshot(tmp_path):
    """A bank with counts of 3 tiles of 5 x 7 pixels, one FN and one FP each."""
    bank = make_bank(counts=True)
    target = np.zeros((3, 5, 7), np.uint8)
    target[:, 0, 0] = 1
    predicted = np.zeros((3, 5, 7), bool)
    predicted[:, 4, 6] = True
    bank.update(np.arange(3), predicted, target, 2)
    bank.save(tmp_path / "bank.npz", begin=1, epoch=2, valid_pixels=105)
    return tmp_path / "bank.npz"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"meta": {"num_tiles": "3"}}, r"meta\.num_tiles: is '3', expected a whole"),
        ({"meta": {"num_tiles": 4}}, r"fn is \(3, 5\) of uint8, expected \(4, 5\)"),
        ({"meta": {"tile_shape": [5]}}, r"meta\.tile_shape"),
        ({"meta": {"tile_shape": [0, 7]}}, r"tile_shape\[0\]: is 0, expected at least"),
        ({"meta": {"passes": -1}}, r"meta\.passes: is -1, expected at least 0"),
        ({"meta": {"epoch": float("nan")}}, r"meta\.epoch"),
        ({"meta": {"cfdr": float("nan")}}, r"meta\.cfdr"),
        ({"fn": np.zeros((3, 5), np.int16)}, r"fn is \(3, 5\) of int16"),
        ({"fp": np.zeros((3, 4), np.uint8)}, r"fp is \(3, 4\) of uint8"),
        ({"fn_count": np.zeros(6)}, "fn_count is .* of float64"),
        ({"fn_count": np.ones(5, np.uint16)}, "fn_count is of shape"),
        ({"fn": np.full((3, 5), 1, np.uint8)}, "beyond its tiles"),
        ({"fn": np.full((3, 5), 32, np.uint8)}, "both a false negative and a false"),
        ({"more": np.zeros(1)}, "unknown arrays more"),
    ],
    ids=str,
)
def test_what_contradicts_the_meta_is_one_line(snapshot, tmp_path, changes, expected):
    changed = tmp_path / "changed.npz"
    write_npz(changed, snapshot, **changes)
    with pytest.raises(UserError, match=expected) as caught:
        ErrorBank.load(changed)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(changed))


def test_an_array_that_is_not_there_is_named(snapshot, tmp_path):
    with np.load(snapshot) as data:
        arrays = {key: data[key] for key in data.files}
    for key, expected in (("fn", "holds no fn"), ("last_epoch", "all or none of")):
        path = tmp_path / f"no_{key}.npz"
        np.savez(path, **{name: a for name, a in arrays.items() if name != key})
        with pytest.raises(UserError, match=expected):
            ErrorBank.load(path)


def test_a_size_that_no_machine_has_is_refused_unread(snapshot, tmp_path):
    """Headers claim 10^15 bytes; nothing of that is allocated."""
    huge = {"num_tiles": 10**9, "tile_shape": [2048, 4096]}
    shape = (10**9, 2048 * 4096 // 8)
    path = tmp_path / "huge.npz"
    write_npz(tmp_path / "meta.npz", snapshot, meta=huge)
    with (
        zipfile.ZipFile(tmp_path / "meta.npz") as source,
        zipfile.ZipFile(path, "w") as archive,
    ):
        archive.writestr("meta.npy", source.read("meta.npy"))
        for key in ("fn", "fp"):
            with archive.open(f"{key}.npy", "w") as file:
                header = dict(descr="|u1", fortran_order=False, shape=shape)
                np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UserError, match=r"needs 2\.1e\+06 GB of memory"):
        ErrorBank.load(path)


def test_flipped_bytes_never_give_another_bank(snapshot, tmp_path):
    """Either one line, or the same bank: a byte that nothing reads was hit."""
    rng = np.random.default_rng(0)
    whole, sound = snapshot.read_bytes(), ErrorBank.load(snapshot)
    path = tmp_path / "flipped.npz"
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            bank = ErrorBank.load(path)
        except UserError as error:
            assert "\n" not in str(error)
            refused += 1
            continue
        assert [bank.codes(i).tolist() for i in range(3)] == [
            sound.codes(i).tolist() for i in range(3)
        ]
    assert refused > 200


def test_errors_are_compared_with_the_masks():
    rng = np.random.default_rng(0)
    tiles = 300  # more than are compared at once
    target = rng.choice(np.array([0, 1, 255], np.uint8), (tiles, 5, 7))
    bank = make_bank(tiles=tiles)
    bank.update(np.arange(tiles), rng.random(target.shape) < 0.5, target, 1)
    bank.check_against(target, "bank.npz")
    wrong = np.stack([bank.codes(tile) for tile in range(tiles)])
    for tile in (0, 299):
        for code, values in ((1, (0, 255)), (2, (1, 255))):
            row, column = np.argwhere(wrong[tile] == code)[0]
            for value in values:
                changed = target.copy()
                changed[tile, row, column] = value
                with pytest.raises(UserError, match=f"1 errors of tile {tile} lie"):
                    bank.check_against(changed, "bank.npz")
    # What was never wrong may change without a contradiction.
    changed = target.copy()
    changed[wrong == 0] = 255
    bank.check_against(changed, "bank.npz")
    with pytest.raises(UserError, match=r"bank\.npz: is of 300 tiles"):
        bank.check_against(target[1:], "bank.npz")


@pytest.mark.parametrize("key", ["fn", "fp"])
def test_a_checkpoints_bank_of_another_size_is_refused(key):
    state = make_bank().state_dict()
    state[key] = state[key][:2]
    with pytest.raises(UserError, match=rf"checkpoint: {key} is \(2, 5\)"):
        make_bank().load_state_dict(state)
