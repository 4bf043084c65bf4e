import numpy as np
import pytest

from mmext.evaluation.calibration import (
    calibration_error,
    calibration_interval,
    reliability,
)


def test_by_hand():
    probability = np.array([0.9, 0.1, 0.8, 0.2])
    correct = np.array([True, False, False, False])
    # Two bins of two: 0.15 against 0, and 0.85 against 0.5.
    expected = (abs(0.15 - 0) + abs(0.85 - 0.5)) / 2
    assert calibration_error(probability, correct, 2) == pytest.approx(expected)
    low, high = reliability(probability, correct, 2)
    assert low == pytest.approx(dict(objects=2, probability=0.15, correct=0))
    assert high == pytest.approx(dict(objects=2, probability=0.85, correct=0.5))


def test_right_and_wrong_probabilities():
    rng = np.random.default_rng(0)
    probability = rng.random(20_000)
    correct = rng.random(20_000) < probability
    assert calibration_error(probability, correct) < 0.02
    assert calibration_error(1 - probability, correct) > 0.4


def test_few_objects():
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))
    assert reliability(np.zeros(0), np.zeros(0, bool)) == []
    assert calibration_error(np.array([0.7]), np.array([True])) == pytest.approx(0.3)
    assert calibration_error(np.ones(5), np.ones(5, bool)) == 0
    assert calibration_error(np.ones(5), np.zeros(5, bool)) == 1
    none = calibration_interval(np.zeros((2, 0)), np.zeros(0, bool), np.zeros(0))
    assert len(none) == 3 and all(np.isnan(item.value) for item in none)


def test_the_interval_of_scenes_is_wider_than_of_objects():
    rng = np.random.default_rng(1)
    scene = np.repeat(np.arange(10), 30)
    # Whole scenes are right or wrong: thirty objects are one.
    correct = np.repeat(np.arange(10) % 2 == 0, 30)
    probability = 0.5 + 0.01 * rng.random(300)
    scores = np.stack([probability, np.ones(300)])
    of_scenes = calibration_interval(scores, correct, scene, 500)
    of_objects = calibration_interval(scores, correct, np.arange(300), 500)
    first, last, difference = of_scenes
    assert last.value == pytest.approx(0.5) and last.low < 0.5 < last.high
    assert difference.value == pytest.approx(first.value - last.value)
    wide, narrow = (item[1].high - item[1].low for item in (of_scenes, of_objects))
    assert wide > 2 * narrow
