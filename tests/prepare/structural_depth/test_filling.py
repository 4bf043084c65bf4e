import numpy as np
import pytest

from mmext.prepare.structural_depth.filling import fill_depth

SHAPE = (32, 40)


def plane():
    """A road: inverse depth is linear in the pixels."""
    rows, columns = np.indices(SHAPE)
    return 1 / (0.02 + 0.004 * rows + 0.0005 * columns)


def sparse(depth, step=(4, 3)):
    result = np.zeros_like(depth)
    result[:: step[0], :: step[1]] = depth[:: step[0], :: step[1]]
    return result


def test_planes_are_filled_exactly():
    depth = plane()
    filled = fill_depth(sparse(depth), 8, ratio=2)
    np.testing.assert_allclose(filled[:29], depth[:29].astype(np.float32), rtol=1e-5)
    assert not filled[29:].any()  # outside the measurements: not guessed


def test_measurements_stay_as_they_are():
    depth = np.random.default_rng(0).uniform(1, 80, SHAPE)
    depth[np.random.default_rng(1).uniform(size=SHAPE) < 0.7] = 0
    filled = fill_depth(depth, 5)
    known = depth > 0
    np.testing.assert_array_equal(filled[known], depth[known].astype(np.float32))
    assert (filled >= 0).all()


def test_nothing_between_two_surfaces():
    depth = np.full(SHAPE, 3.0)
    depth[:, 20:] = 30
    filled = fill_depth(sparse(depth, (4, 4)), 8).round(4)
    assert set(np.unique(filled)) == {0, 3, 30}
    assert not filled[1, 17:20].any()
    assert (filled[1, :16] == 3).all()
    assert (filled[1, 21:36] == 30).all()


def test_nothing_beyond_reach():
    depth = np.zeros(SHAPE)
    depth[0, :] = depth[31, :] = 5
    filled = fill_depth(depth, 4)
    np.testing.assert_allclose(filled[:5], 5, rtol=1e-6)
    assert not filled[5:27].any()


@pytest.mark.parametrize("known", [[], [(3, 3)], [(3, 3), (3, 9), (3, 20)]])
def test_too_little_to_fill_between(known):
    depth = np.zeros(SHAPE)
    for place in known:
        depth[place] = 2
    np.testing.assert_array_equal(fill_depth(depth, 8), depth)


def test_dense_depth_and_no_reach_change_nothing():
    depth = plane()
    np.testing.assert_array_equal(fill_depth(depth, 8), depth.astype(np.float32))
    gaps = sparse(depth).astype(np.float32)
    np.testing.assert_array_equal(fill_depth(gaps, 0), gaps)
