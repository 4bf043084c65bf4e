import numpy as np
import pytest

from mmext.report.precision_recall import precision_recall


def test_against_a_loop_over_thresholds():
    rng = np.random.default_rng(0)
    target = rng.choice(np.array([0, 1, 255], np.uint8), 400)
    score = np.where(target == 1, rng.integers(80, 256, 400), rng.integers(0, 180, 400))
    score = score.astype(np.uint8)
    curve = precision_recall(score, target)
    valid, area, before = target != 255, 0.0, 0.0
    for threshold in range(255, -1, -1):
        predicted = (score >= threshold) & valid
        tp = (predicted & (target == 1)).sum()
        precision = tp / predicted.sum() if predicted.sum() else 1.0
        recall = tp / (target == 1).sum()
        assert curve.precision[255 - threshold] == pytest.approx(precision)
        assert curve.recall[255 - threshold] == pytest.approx(recall)
        area += precision * (recall - before)
        before = recall
    assert curve.area == pytest.approx(area)


def test_the_point_at_a_half_counts_probabilities_above_it():
    score = np.array([0, 127, 128, 255], np.uint8)  # 127 / 255 < 0.5 < 128 / 255
    curve = precision_recall(score, np.array([0, 1, 1, 1], np.uint8))
    assert curve.at(0.5) == (2 / 3, 1.0)


def test_a_perfect_score_and_a_set_without_target():
    target = np.array([0, 0, 1, 1], np.uint8)
    assert precision_recall(target * 255, target).area == 1
    assert np.isnan(precision_recall(target, np.zeros(4, np.uint8)).area)
