import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmext.errors import UserError
from mmext.structures import ErrorBank, load_bank, save_bank


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
    wrong = np.array([0]), np.zeros((1, 1, 1), bool), np.ones((1, 1, 1), "u1")
    bank.update(*wrong, 1)
    state = bank.state_dict()
    state["fn_count"][...] = 65535
    bank.load_state_dict(state)
    bank.update(*wrong, 2)
    assert bank.counts(0)["fn_count"] == 65535
    assert bank.counts(0)["last_epoch"] == 2


def test_counts_equal_a_pixel_loop():
    rng = np.random.default_rng(2)
    bank = make_bank(counts=True)
    _, target = random_pass(rng)
    expected = {key: np.zeros(target.shape, int) for key in bank.counts(0)}
    for epoch in range(1, 6):
        # Some tiles at a time, in any order, and one of them never.
        tiles = rng.permutation(2)[: rng.integers(1, 3)]
        predicted = rng.random((len(tiles), *target.shape[1:])) < 0.7
        bank.update(tiles, predicted, target[tiles], epoch)
        for index in np.ndindex(predicted.shape):
            place = (tiles[index[0]], *index[1:])
            if target[place] == 255 or target[place] == predicted[index]:
                continue
            expected["fn_count" if target[place] else "fp_count"][place] += 1
            expected["first_epoch"][place] = expected["first_epoch"][place] or epoch
            expected["last_epoch"][place] = epoch
    assert expected["fn_count"].max() > 1
    for tile in range(3):
        for key, values in bank.counts(tile).items():
            np.testing.assert_array_equal(values, expected[key][tile])
            assert values.dtype == np.uint16


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
    save_bank(bank, path, begin=1, epoch=3, threshold=0.5, valid_pixels=100)
    loaded = load_bank(path)
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
    with pytest.raises(UserError, match="ffffffffffff, expected one made on 000000"):
        other.load_state_dict(state)


def test_counts_are_refused_where_there_are_none():
    with pytest.raises(UserError, match="has no counts"):
        make_bank().counts(0)
    with pytest.raises(UserError, match="has no counts"):
        make_bank(counts=True).load_state_dict(make_bank().state_dict() | {"passes": 1})


def test_counts_may_begin_where_nothing_was_accumulated():
    bank = make_bank(counts=True)
    bank.load_state_dict(make_bank().state_dict())
    assert not bank.counts(0)["fn_count"].any()


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
