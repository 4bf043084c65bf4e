"""Areas from checked points against Olofsson et al. (2014), section 5, and chance."""

import math

import numpy as np
import pytest

from mmext.evaluation.stratified_area import StratifiedSample, allocate

# Their Table 8: deforestation, forest gain, stable forest, stable non-forest, in pixels
# of 30 m by 30 m.
AREAS = np.array([200_000, 150_000, 3_200_000, 6_450_000.0])
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
EXAMPLE = StratifiedSample(AREAS, COUNTS)


def test_the_published_area_of_deforestation():
    area = EXAMPLE.area(0)
    by_hand = 200_000 * 66 / 75 + 3_200_000 * 1 / 165 + 6_450_000 * 2 / 325
    assert area.value == pytest.approx(by_hand)
    assert round(area.value) == 235_086
    variance = (
        200_000**2 * (66 / 75) * (9 / 75) / 74
        + 3_200_000**2 * (1 / 165) * (164 / 165) / 164
        + 6_450_000**2 * (2 / 325) * (323 / 325) / 324
    )
    assert area.error == pytest.approx(math.sqrt(variance))
    hectares = 0.09
    assert round(area.value * hectares) == 21_158
    # In hectares they print 21,158 ± 6,158.
    assert round((area.high - area.value) * hectares) == 6_158


def test_the_published_accuracies():
    users = [EXAMPLE.users_accuracy([k], k).value for k in range(4)]
    assert [round(value, 2) for value in users] == [0.88, 0.73, 0.93, 0.96]
    producers = [EXAMPLE.producers_accuracy([k], k).value for k in range(4)]
    assert [round(value, 2) for value in producers] == [0.75, 0.85, 0.93, 0.96]
    errors = [EXAMPLE.users_accuracy([k], k).error for k in range(4)]
    assert [round(1.96 * error, 2) for error in errors] == [0.07, 0.10, 0.04, 0.02]
    overall = EXAMPLE.overall_accuracy([0, 1, 2, 3])
    assert round(overall.value, 2) == 0.95
    shares = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    weights = AREAS / AREAS.sum()
    user = np.diag(shares)
    variance = (weights**2 * user * (1 - user) / (COUNTS.sum(axis=1) - 1)).sum()
    assert overall.error == pytest.approx(math.sqrt(variance))


def test_the_error_of_producers_accuracy_is_equation_7():
    n = COUNTS.sum(axis=1)
    for k in range(4):
        total = (AREAS * COUNTS[:, k] / n).sum()
        found = EXAMPLE.producers_accuracy([k], k)
        user, value = COUNTS[k, k] / n[k], found.value
        own = AREAS[k] ** 2 * (1 - value) ** 2 * user * (1 - user) / (n[k] - 1)
        p = COUNTS[:, k] / n
        others = AREAS**2 * p * (1 - p) / (n - 1)
        others = value**2 * (others.sum() - others[k])
        assert found.error == pytest.approx(math.sqrt(own + others) / total)


def test_a_map_class_of_two_strata():
    # Split in two that are alike, a stratum says what it said whole.
    areas, counts = np.array([30.0, 70.0]), np.array([[40, 160], [90, 10]])
    split = StratifiedSample(
        np.array([30.0, 35.0, 35.0]), np.array([[40, 160], [90, 10], [90, 10]])
    )
    whole = StratifiedSample(areas, counts)
    assert split.area(0).value == pytest.approx(whole.area(0).value)
    two = split.producers_accuracy([1, 2], 0)
    assert two.value == pytest.approx(whole.producers_accuracy([1], 0).value)
    assert two.error < whole.producers_accuracy([1], 0).error
    assert split.users_accuracy([1, 2], 0).value == pytest.approx(0.9)


def test_nothing_found_and_all_found():
    none = StratifiedSample(np.array([9.0, 1.0]), np.array([[50, 0], [50, 0]]))
    assert (none.area(1).value, none.area(1).error) == (0, 0)
    assert math.isnan(none.producers_accuracy([1], 1).value)
    every = StratifiedSample(np.array([9.0, 1.0]), np.array([[50, 0], [0, 50]]))
    assert every.area(1).value == 1 and every.area(1).error == 0
    assert every.producers_accuracy([1], 1).value == 1
    assert every.overall_accuracy([0, 1]).value == 1


@pytest.mark.parametrize(
    "share, omission, commission, points",
    [(0.10, 0.03, 0.15, 600), (0.20, 0.05, 0.30, 300), (0.05, 0.02, 0.50, 600)],
)
def test_intervals_hold_the_truth_in_95_of_100(share, omission, commission, points):
    areas = np.array([1 - share, share])
    true_shares = np.array([omission, 1 - commission])
    truth = (areas * true_shares).sum()
    n = allocate(areas, points)
    rng = np.random.default_rng(7)
    held, samples = 0, 2000
    for _ in range(samples):
        found = rng.binomial(n, true_shares)
        estimate = StratifiedSample(areas, np.stack([n - found, found], axis=1)).area(1)
        held += estimate.low <= truth <= estimate.high
    assert 0.93 <= held / samples <= 0.97


def test_allocation():
    # By area where no stratum is rare.
    assert allocate(np.array([3.0, 1.0]), 400).tolist() == [300, 100]
    # Fifty for a rare one, the rest for the other.
    assert allocate(np.array([0.98, 0.02]), 300).tolist() == [250, 50]
    # Half of few points are shared out alike.
    assert allocate(np.array([0.98, 0.01, 0.01]), 60).tolist() == [40, 10, 10]
    assert allocate(np.array([1.0]), 10).tolist() == [10]
    assert allocate(np.array([1.0, 1e-9, 1e-9, 1e-9]), 8).tolist() == [2, 2, 2, 2]
    rng = np.random.default_rng(0)
    for _ in range(200):
        areas = rng.random(rng.integers(1, 6)) ** 4 + 1e-9
        points = int(rng.integers(2 * len(areas), 700))
        given = allocate(areas, points)
        assert given.sum() == points and given.min() >= 2
