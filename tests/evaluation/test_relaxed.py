import numpy as np
import pytest

from mmext.evaluation.relaxed import relaxed_counts, relaxed_sweep
from mmext.pixel_values import PROBABILITY_STEPS


def naive(truth, predicted, slack):
    """By the words of the definition, pixel by pixel."""

    def near(image, row, column):
        rows = slice(max(0, row - slack), row + slack + 1)
        return image[rows, max(0, column - slack) : column + slack + 1].any()

    right = sum(near(truth, *place) for place in np.argwhere(predicted))
    return right, sum(near(predicted, *place) for place in np.argwhere(truth))


@pytest.mark.parametrize("slack", [0, 1, 3])
def test_counts_are_those_of_a_naive_look(slack):
    rng = np.random.default_rng(slack)
    truth, predicted = rng.random((2, 20, 17)) < 0.03
    valid = rng.random((20, 17)) < 0.8
    found = relaxed_counts(truth, predicted, valid, slack)
    assert (found.right, found.found) == naive(truth & valid, predicted & valid, slack)
    assert found.true == (truth & valid).sum()
    assert found.predicted == (predicted & valid).sum()
    if slack == 0:
        assert found.right == found.found == (truth & predicted & valid).sum()


def test_sums_come_before_ratios():
    full, empty = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    both = relaxed_counts(full, full, full, 3) + relaxed_counts(full, empty, full, 3)
    assert both.as_dict() == pytest.approx(dict(precision=1, recall=0.5, f1=2 / 3))
    nothing = relaxed_counts(empty, empty, full, 3).as_dict()
    assert all(np.isnan(value) for value in nothing.values())


def scenes(number):
    """Truth, levels of probability that know something of it, validity."""
    rng = np.random.default_rng(number)
    truth = rng.random((25, 31)) < 0.05
    levels = rng.integers(0, 200, truth.shape) + 51 * truth
    return truth, levels.astype(np.uint8), rng.random(truth.shape) < 0.9


@pytest.mark.parametrize("slack", [0, 3])
def test_the_break_even_is_that_of_a_look_at_every_threshold(slack):
    sets = [scenes(0), scenes(1)]
    sweeps = [relaxed_sweep(*each, slack) for each in sets]
    score, threshold = (sweeps[0] + sweeps[1]).break_even()
    best = (np.inf, 0.0, 0.0)
    for level in range(1, PROBABILITY_STEPS + 1):
        one, other = (
            relaxed_counts(truth, levels >= level, valid, slack)
            for truth, levels, valid in sets
        )
        found = (one + other).as_dict()
        gap = abs(found["precision"] - found["recall"])
        if gap < best[0]:
            mean = (found["precision"] + found["recall"]) / 2
            best = (gap, mean, level / PROBABILITY_STEPS)
    assert (score, threshold) == pytest.approx(best[1:])
    assert 0 < threshold < 1


def test_nothing_to_find_has_no_break_even():
    truth, levels, valid = scenes(0)
    for one, other in ((truth & False, levels), (truth, levels * 0)):
        assert np.isnan(relaxed_sweep(one, other, valid, 3).break_even()).all()
