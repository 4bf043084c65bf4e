import math

import numpy as np
import pytest
import torch

from mmext.evaluation.depth import checkerboard


def surface(shape=(60, 80), seed=0):
    """A noisy slope."""
    rng = np.random.default_rng(seed)
    slope = np.add.outer(np.linspace(1, 2, shape[0]), np.linspace(0, 1, shape[1]))
    return slope + 0.02 * rng.random(shape)


def test_a_surface_without_a_pattern_has_about_1():
    found = [checkerboard(surface(seed=seed), (60, 80)) for seed in range(20)]
    assert np.median(found) == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize("period", [2, 4, 8])
def test_squares_stand_out(period):
    pattern = np.zeros((60, 80))
    pattern[::period] += 0.05
    pattern[:, ::period] += 0.05
    found = checkerboard(surface() + pattern, (60, 80))
    assert found > 3 * checkerboard(surface(), (60, 80))


def test_squares_stand_out_when_enlarged():
    pattern = np.zeros((60, 80))
    pattern[:, ::2] += 0.05

    def enlarged(depth):
        tensor = torch.from_numpy(depth)[None, None]
        return torch.nn.functional.interpolate(
            tensor, size=(240, 320), mode="bilinear", align_corners=False
        )[0, 0].numpy()

    plain = checkerboard(enlarged(surface()), (60, 80))
    assert checkerboard(enlarged(surface() + pattern), (60, 80)) > 1.5 * plain


def test_the_scale_changes_nothing():
    found = checkerboard(surface(), (60, 80))
    assert checkerboard(7 * surface(), (60, 80)) == pytest.approx(found)


@pytest.mark.parametrize("shape", [(60, 80), (1, 1), (3, 4)])
def test_flat_or_too_small_has_none(shape):
    assert math.isnan(checkerboard(np.full(shape, 2.0), shape))
