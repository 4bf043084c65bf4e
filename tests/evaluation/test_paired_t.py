import itertools

import numpy as np
import pytest
from scipy import stats

from mmext.evaluation.paired_t import holm, paired_t


def test_by_hand():
    """Differences 1, 2 and 3: mean 2, deviation 1, t = 2√3 with 2 degrees."""
    found = paired_t([5, 5, 5], [6, 7, 8])
    half = 4.302652729911275 / np.sqrt(3)  # t of 97.5 % with 2 degrees, from tables
    assert (found.value, found.low, found.high) == pytest.approx(
        (2, 2 - half, 2 + half)
    )
    # With 2 degrees the distribution has a closed form: p = 1 − t / √(2 + t²).
    t = 2 * np.sqrt(3)
    assert found.p == pytest.approx(1 - t / np.sqrt(2 + t**2))


def test_against_the_test_of_pairs():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, 7), rng.normal(0.4, 1, 7)
    found = paired_t(first, second, level=0.9)
    expected = stats.ttest_rel(second, first)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval(0.9))


@pytest.mark.filterwarnings("error")
def test_what_has_no_spread_or_no_score():
    assert paired_t([1, 2, 3], [1, 2, 3]) == paired_t([0] * 3, [0] * 3)
    assert paired_t([1, 2, 3], [1, 2, 3]).p == 1
    same = paired_t([1, 1, 1], [2, 2, 2])
    assert (same.value, same.low, same.high, same.p) == (1, 1, 1, 0)
    two = paired_t([1, 2], [3, 3])
    assert two.value == 1.5 and np.isnan([two.low, two.high, two.p]).all()
    assert np.isnan(paired_t([1, 2, np.nan], [3, 3, 3]).p)


def closed_testing(p_values):
    """Holm's procedure as it is derived: reject i when every intersection with it is.

    An intersection of m hypotheses has the Bonferroni p value m · min(p).
    """
    indices = range(len(p_values))
    adjusted = []
    for i in indices:
        sets = (
            chosen
            for size in range(1, len(p_values) + 1)
            for chosen in itertools.combinations(indices, size)
            if i in chosen
        )
        adjusted.append(
            max(
                min(1, len(chosen) * min(p_values[j] for j in chosen))
                for chosen in sets
            )
        )
    return adjusted


def test_holm_by_hand():
    # Sorted: 0.005 · 4, 0.01 · 3, 0.03 · 2, and 0.04 not below the one before.
    found = holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.7, 0.6, np.nan]), [1, 1, 1])
    np.testing.assert_allclose(holm([0.02]), [0.02])
    assert holm([]).shape == (0,)


def test_holm_is_the_closed_test():
    rng = np.random.default_rng(1)
    for size in range(1, 7):
        p_values = rng.beta(0.4, 2, size)
        np.testing.assert_allclose(holm(p_values), closed_testing(p_values))
