"""Controls and refinements of an error bank, on a small store."""

import numpy as np
import pytest

from mmext.datasets import (
    BoundaryBand,
    MinimumCount,
    ShuffledErrors,
    TargetCopy,
    TileDataset,
    TileStore,
)
from mmext.errors import UserError
from mmext.structures import ErrorBank, save_bank


@pytest.fixture
def store(tmp_path, make_store):
    return TileStore(make_store(tmp_path / "store", tiles=6, size=16))


@pytest.fixture
def bank(store):
    """In pass k of four, pixels whose random number is below k / 40 are wrong."""
    rng = np.random.default_rng(0)
    bank = ErrorBank(len(store), (16, 16), store.fingerprint, counts=True)
    noise = rng.random((len(store), 16, 16))
    target = np.asarray(store.masks)
    for number in range(1, 5):
        predicted = (target == 1) ^ (noise < number / 40)
        bank.update(np.arange(len(store)), predicted, target, epoch=number)
        bank.passes += 1
    return bank


def errors(bank):
    return np.stack([bank.codes(tile) for tile in range(len(bank))])


def test_the_copy_is_the_truth(bank, store):
    copy = errors(TargetCopy()(bank, store))
    np.testing.assert_array_equal(copy == 1, np.asarray(store.masks) == 1)
    assert not (copy == 2).any()


def test_every_tile_gets_another_tiles_errors(bank, store):
    """Only ignored pixels of the receiving tile are lost."""
    before, after = errors(bank) != 0, errors(ShuffledErrors(seed=3)(bank, store)) != 0
    valid = np.asarray(store.masks) != 255
    givers = []
    for tile in range(len(store)):
        same = [
            other
            for other in range(len(store))
            if np.array_equal(before[other] & valid[tile], after[tile])
        ]
        assert same and tile not in same
        givers += same
    assert sorted(givers) == list(range(len(store)))
    again = errors(ShuffledErrors(seed=3)(bank, store)) != 0
    np.testing.assert_array_equal(again, after)


def test_codes_follow_the_target(bank, store):
    codes, masks = errors(ShuffledErrors()(bank, store)), np.asarray(store.masks)
    assert (masks[codes == 1] == 1).all()
    assert (masks[codes == 2] == 0).all()


def test_the_band_is_nearest_to_the_outline_and_as_large_as_the_errors(bank, store):
    band = errors(BoundaryBand()(bank, store)) != 0
    masks = np.asarray(store.masks)
    wanted = (errors(bank) != 0).sum()
    # The band grows by whole rings, so it may be larger by less than one.
    assert wanted <= band.sum() < 2 * wanted
    for mask, inside in zip(masks, band, strict=True):
        if not (mask == 1).any():
            assert not inside.any()
            continue
        yes, no = np.argwhere(mask == 1), np.argwhere(mask == 0)
        distance = np.full(mask.shape, np.inf)
        for own, other in ((yes, no), (no, yes)):
            gaps = np.linalg.norm(own[:, None] - other[None], axis=-1).min(axis=1)
            distance[tuple(own.T)] = gaps
        assert distance[inside].max() <= distance[~inside & (mask != 255)].min()


def test_no_errors_no_band(store):
    empty = ErrorBank(len(store), (16, 16), store.fingerprint)
    assert not errors(BoundaryBand()(empty, store)).any()


@pytest.mark.parametrize("share, passes", [(0.1, 1), (0.5, 2), (0.75, 3), (1.0, 4)])
def test_a_minimum_count_is_a_share_of_the_passes(bank, store, share, passes):
    kept = errors(MinimumCount(share)(bank, store)) != 0
    counts = np.stack(
        [bank.counts(t)["fn_count"] + bank.counts(t)["fp_count"] for t in range(6)]
    )
    np.testing.assert_array_equal(kept, counts >= passes)


def test_a_minimum_count_needs_counts(store):
    bank = ErrorBank(len(store), (16, 16), store.fingerprint)
    with pytest.raises(UserError, match="has no counts"):
        MinimumCount(0.5)(bank, store)
    with pytest.raises(UserError, match="expected more than 0"):
        MinimumCount(0)


def test_a_data_set_applies_the_variant(bank, store, tmp_path):
    path = tmp_path / "error_bank_epoch_4.npz"
    save_bank(bank, path, begin=0, epoch=4, threshold=0.5, valid_pixels=1)
    dataset = TileDataset(
        store.path, error_mask=path, error_variant=dict(type="TargetCopy")
    )
    np.testing.assert_array_equal(
        errors(dataset.bank), errors(TargetCopy()(bank, store))
    )
    with pytest.raises(UserError, match="without an error_mask"):
        TileDataset(store.path, error_variant=dict(type="TargetCopy"))


def test_several_snapshots_are_put_together(store, tmp_path):
    paths, target = [], np.asarray(store.masks)
    for tile in (1, 4):
        bank = ErrorBank(len(store), (16, 16), store.fingerprint)
        bank.update(np.array([tile]), (target[[tile]] != 1), target[[tile]], 1)
        paths.append(tmp_path / f"{tile}.npz")
        save_bank(bank, paths[-1], begin=0, epoch=1, threshold=0.5, valid_pixels=1)
    both = errors(TileDataset(store.path, error_mask=paths).bank)
    assert [bool(codes.any()) for codes in both] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


def test_folds_leave_out_neighbours(store):
    parts = [
        TileDataset(store.path, folds=dict(number=3, held_out=fold)).indices
        for fold in range(3)
    ]
    assert parts == [[2, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 3]]
    with pytest.raises(UserError, match="expected 2 to 6 folds"):
        TileDataset(store.path, folds=dict(number=3, held_out=3))
    with pytest.raises(UserError, match="expected number, held_out"):
        TileDataset(store.path, folds=dict(number=3))
    with pytest.raises(UserError, match="set together with"):
        TileDataset(store.path, indices=[0], folds=dict(number=3, held_out=0))
