from types import SimpleNamespace

import numpy as np
import pytest

from mmext.datasets import PositiveTileSampler
from mmext.errors import UserError


class Tiles:
    def __init__(self, fraction):
        self.positive_fraction = np.asarray(fraction, float)
        self.store = SimpleNamespace(path="data/store")

    def __len__(self):
        return len(self.positive_fraction)


def test_positive_to_negative_is_two_to_one_whatever_the_store_holds():
    for positive, negative in ((300, 9700), (9000, 1000)):
        tiles = Tiles([0.2] * positive + [0.0] * negative)
        draws = np.array(list(PositiveTileSampler(tiles, seed=0)))
        share = (draws < positive).mean()
        # Binomial: 10,000 draws at 2/3 deviate by 0.0047.
        assert share == pytest.approx(2 / 3, abs=0.02)


def test_the_threshold_is_more_than_a_thousandth():
    tiles = Tiles([0.001, 0.00101, 0.0])
    weights = PositiveTileSampler(tiles, seed=0).weights
    np.testing.assert_allclose(weights, [0.5, 2, 0.5])


def test_epochs_differ_and_repeat():
    sampler = PositiveTileSampler(Tiles([0.1, 0, 0, 0.2, 0.0]), seed=7)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    sampler.set_epoch(0)
    assert list(sampler) == first != second


@pytest.mark.parametrize("number", [10, 11])
def test_two_processes_share_out_what_one_would_draw(monkeypatch, number):
    tiles = Tiles(np.linspace(0, 0.3, number))
    parts = []
    for rank in range(2):
        monkeypatch.setattr("mmengine.dist.get_rank", lambda rank=rank: rank)
        monkeypatch.setattr("mmengine.dist.get_world_size", lambda: 2)
        parts.append(PositiveTileSampler(tiles, seed=3))
    assert len(parts[0]) == len(parts[1]) == -(-number // 2)
    woven = [tile for pair in zip(*parts, strict=True) for tile in pair]
    monkeypatch.undo()
    alone = PositiveTileSampler(tiles, seed=3)
    # With an odd number two processes draw one more than one would.
    alone.num_samples = number + number % 2
    assert woven == list(alone)


def test_no_positive_tile_is_refused_and_no_negative_is_announced():
    with pytest.raises(UserError, match="no tile is positive"):
        PositiveTileSampler(Tiles([0.0, 0.0005]), seed=0)
    sampler = PositiveTileSampler(Tiles([0.5, 0.5, 1.0]), seed=0)
    np.testing.assert_allclose(sampler.weights, 1)


def test_expected_draws_are_those_of_many_epochs():
    sampler = PositiveTileSampler(Tiles([0.1] * 3 + [0.0] * 7), seed=0)
    draws = sampler.draws()
    counted = np.zeros(10)
    for epoch in range(2000):
        sampler.set_epoch(epoch)
        counted += np.bincount(list(sampler), minlength=10)
    expected = np.concatenate([draws["positive"], draws["negative"]])
    assert [len(draws[name]) for name in ("positive", "negative")] == [3, 7]
    # 2,000 epochs of 10 draws: a tile's mean deviates by at most 0.04.
    np.testing.assert_allclose(counted / 2000, expected, atol=0.15)
    assert expected.sum() == pytest.approx(10)


def test_a_ratio_of_nothing_is_refused():
    with pytest.raises(UserError, match="ratio: is"):
        PositiveTileSampler(Tiles([0.1, 0.0]), ratio=(0, 0), seed=0)
