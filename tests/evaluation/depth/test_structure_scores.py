import itertools
import math

import numpy as np
import pytest
from scipy import ndimage, stats

from mmext.evaluation.depth import (
    STRUCTURE_SCORES,
    StructureScorer,
    mean_structure_scores,
)
from mmext.evaluation.depth.structure_scores import FAR

SCORER = StructureScorer(min_depth=1e-3, max_depth=10.0)


def scene(seed=0, shape=(60, 80)):
    """A sloping floor with boxes on it, in metres."""
    rng = np.random.default_rng(seed)
    truth = np.broadcast_to(np.linspace(6, 3, shape[0])[:, None], shape).copy()
    for _ in range(4):
        top, left = rng.integers(5, 35, 2)
        truth[top : top + 15, left : left + 20] = rng.uniform(1, 2.5)
    return truth


def everywhere(truth):
    return np.ones(truth.shape, bool)


def score(values, truth, mask=None, space="depth"):
    mask = everywhere(truth) if mask is None else mask
    return SCORER(values, truth, mask, space)


@pytest.mark.parametrize(("space", "power"), [("depth", 1), ("inverse_depth", -1)])
def test_the_truth_at_any_scale_and_shift_is_perfect(space, power):
    truth = scene()
    found = score(7 * truth**power + 3, truth, space=space)
    perfect = dict.fromkeys(STRUCTURE_SCORES, 0.0) | {"aligned_d1": 1, "correlation": 1}
    assert found == pytest.approx(perfect, abs=1e-6)


def test_inside_out_orders_everything_wrongly():
    truth = scene()
    found = score(-truth, truth)
    assert found["correlation"] == pytest.approx(-1)
    assert found["order_error"] == 1
    assert found["collapsed"] == 1


def test_a_flat_map_has_collapsed_and_has_no_edges():
    truth = scene()
    found = score(np.full(truth.shape, 0.5, np.float32), truth)
    assert found["correlation"] == 0
    assert found["collapsed"] == 1
    assert found["order_error"] == 1  # it orders no pair
    assert found["edge_completeness"] == FAR
    assert math.isnan(found["edge_accuracy"])


def test_noise_has_collapsed_though_it_has_edges():
    truth = scene()
    found = score(np.random.default_rng(1).uniform(size=truth.shape), truth)
    assert found["collapsed"] == 1
    assert found["order_error"] == pytest.approx(0.5, abs=0.05)


def test_order_error_is_that_of_all_pairs():
    rng = np.random.default_rng(2)
    truth, values = rng.uniform(1, 2, (6, 8)), rng.uniform(size=(6, 8))
    mask = rng.random((6, 8)) > 0.2
    wrong, pairs = 0, 0
    for i, j in itertools.combinations(np.flatnonzero(mask), 2):
        a, b = truth.flat[i], truth.flat[j]
        if max(a, b) / min(a, b) > 1.03:
            pairs += 1
            wrong += (values.flat[i] > values.flat[j]) != (a > b)
    assert score(values, truth, mask)["order_error"] == pytest.approx(wrong / pairs)


def test_order_error_of_a_large_map_is_sampled_the_same_each_time():
    truth = scene()
    values = truth + np.random.default_rng(3).normal(scale=0.5, size=truth.shape)
    first, again = score(values, truth), score(values, truth)
    assert first == again
    sub = np.zeros(truth.shape, bool)
    sub[::6, ::6] = True
    assert first["order_error"] == pytest.approx(
        score(values, truth, sub)["order_error"], abs=0.03
    )


def test_correlation_is_spearmans_of_the_valid_pixels():
    truth = scene()
    rng = np.random.default_rng(4)
    values, mask = rng.uniform(size=truth.shape), rng.random(truth.shape) > 0.3
    expected = stats.spearmanr(-values[mask], truth[mask]).statistic
    found = score(values, truth, mask, "inverse_depth")["correlation"]
    assert found == pytest.approx(expected)


def test_correlation_of_a_large_map_is_nearly_that_of_all_pixels():
    truth = np.kron(scene(), np.ones((4, 4)))
    values = truth + np.random.default_rng(5).normal(scale=2, size=truth.shape)
    expected = stats.spearmanr(values.ravel(), truth.ravel()).statistic
    assert score(values, truth)["correlation"] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("shift", [1, 3, 6])
def test_edges_that_are_shifted_lie_as_far_off(shift):
    truth = np.full((60, 80), 4.0)
    truth[:, 40:] = 2.0
    found = score(np.roll(truth, shift, axis=1)[:, :], truth, everywhere(truth))
    # Rolling makes a second edge at the left border, too far off to be related.
    assert found["edge_accuracy"] == pytest.approx(shift)
    assert found["edge_completeness"] == pytest.approx(shift)


def test_a_missing_edge_counts_as_far_off():
    truth = np.full((60, 120), 4.0)
    truth[:, 30:60] = 2.0
    truth[:, 60:] = 8.0
    values = truth.copy()
    values[:, :45] = 4.0  # the edge at 30 moves to 45, beyond FAR
    values[:, 45:60] = 4.0  # and vanishes
    found = score(values, truth)
    assert found["edge_accuracy"] == pytest.approx(0, abs=0.2)
    assert found["edge_completeness"] == pytest.approx(FAR / 2, abs=0.2)


def test_holes_make_no_edges():
    truth = scene()
    mask = everywhere(truth)
    mask[20:26, 30:50] = False
    holed = np.where(mask, truth, 0)
    found = score(truth, holed, mask)
    assert found["edge_accuracy"] == pytest.approx(0)
    assert found["edge_completeness"] == pytest.approx(0)


def test_blurred_maps_keep_order_and_lose_edges():
    truth = scene()
    found = score(ndimage.gaussian_filter(truth, 6), truth)
    assert found["collapsed"] == 0
    assert found["edge_completeness"] > 1


@pytest.mark.parametrize(
    "mask",
    [np.zeros((60, 80), bool), np.eye(60, 80, dtype=bool) & (np.arange(80) == 3)],
)
def test_nothing_or_one_pixel_to_score(mask):
    found = score(scene(), scene(), mask)
    assert math.isnan(found["order_error"])
    assert math.isnan(found["correlation"])
    assert math.isnan(found["edge_completeness"])


def test_means_are_of_the_images_that_have_a_score():
    nothing = dict.fromkeys(STRUCTURE_SCORES, math.nan)
    images = [nothing, nothing | {"order_error": 0.2}, nothing | {"order_error": 0.4}]
    means = mean_structure_scores(images)
    assert means["order_error"] == pytest.approx(0.3)
    assert math.isnan(means["correlation"])
