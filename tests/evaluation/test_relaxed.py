import numpy as np
import pytest

from mmext.evaluation.relaxed import relaxed_counts


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
