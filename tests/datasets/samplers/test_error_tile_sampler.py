from types import SimpleNamespace

import numpy as np
import pytest

from mmext.datasets import ErrorTileSampler
from mmext.errors import UserError
from mmext.structures import ErrorBank


def tiles(*shares):
    """Tiles of 100 pixels of which a share was once missed."""
    bank = ErrorBank(len(shares), (10, 10), "store")
    target = np.ones((1, 10, 10), np.uint8)
    for tile, share in enumerate(shares):
        predicted = np.arange(100).reshape(1, 10, 10) >= 100 * share
        bank.update(np.array([tile]), predicted, target, 1)

    class Dataset(SimpleNamespace):
        def __len__(self):
            return len(shares)

    return Dataset(bank=bank, indices=list(range(len(shares))))


def test_tiles_with_errors_weigh_more():
    sampler = ErrorTileSampler(tiles(0, 0.01, 0.5), seed=0)
    np.testing.assert_allclose(sampler.weights, [1, 5, 5])


def test_weights_by_area():
    sampler = ErrorTileSampler(tiles(0, 0.1, 0.5), "area", factor=4, seed=0)
    np.testing.assert_allclose(sampler.weights, [0.25, 0.25 + 0.5, 0.25 + 2.5])


def test_without_errors_all_tiles_are_alike():
    for weighting in ("upweight", "area"):
        weights = ErrorTileSampler(tiles(0, 0, 0), weighting, seed=0).weights
        assert len(set(weights.tolist())) == 1


def test_draws_follow_the_weights():
    sampler = ErrorTileSampler(tiles(*[0] * 500, *[0.2] * 500), seed=1)
    draws = np.concatenate([list(sampler) for _ in range(1)])
    # 1,000 draws at 5/6 deviate by 0.012.
    assert (draws >= 500).mean() == pytest.approx(5 / 6, abs=0.05)


def test_no_errors_to_go_by():
    with pytest.raises(UserError, match="error_mask: is not set"):
        ErrorTileSampler(SimpleNamespace(bank=None, indices=[0]))
    with pytest.raises(UserError, match="expected one of upweight, area"):
        ErrorTileSampler(tiles(0.1), "both")
