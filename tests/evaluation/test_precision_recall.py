import numpy as np
import pytest

from mmext.evaluation.precision_recall import ScoreHistogram


def curve_of(score, target):
    histogram = ScoreHistogram()
    # In two parts, as tiles come.
    half = len(score) // 2
    for part in (slice(half), slice(half, None)):
        histogram.add(score[part].astype(np.float16), target[part])
    return histogram.curve()


def test_against_a_loop_over_thresholds():
    rng = np.random.default_rng(0)
    target = rng.choice(np.array([0, 1, 255], np.uint8), 600)
    score = (rng.normal(0, 3, 600) + 3 * (target == 1)).round(1).astype(np.float16)
    score[:4] = [-0.0, 0.0, -20, 20]
    curve = curve_of(score, target)
    valid, area, before = target != 255, 0.0, 0.0
    thresholds = sorted(set(score[valid].tolist()), reverse=True)
    assert curve.score.tolist() == thresholds
    for index, threshold in enumerate(thresholds):
        predicted = (score >= threshold) & valid
        tp = int((predicted & (target == 1)).sum())
        fp = int((predicted & (target == 0)).sum())
        precision, recall = tp / (tp + fp), tp / (target == 1).sum()
        assert (curve.tp[index], curve.fp[index]) == (tp, fp)
        assert curve.precision[index] == precision and curve.recall[index] == recall
        assert curve.iou[index] == tp / ((target == 1).sum() + fp)
        area += precision * (recall - before)
        before = recall
    assert curve.area == pytest.approx(area)


def test_rare_doubts_of_a_sure_network_stay_apart():
    """As eight-bit probabilities these would all be 0."""
    score = np.array([-9.0, -8.0, -12.0, -11.0])
    curve = curve_of(score, np.array([1, 1, 0, 0], np.uint8))
    assert curve.area == 1
    assert curve.at_recall(1.0) == 1 and curve.score[1] == -9


def test_perfect_random_inverted():
    rng = np.random.default_rng(1)
    target = rng.integers(0, 2, 4000).astype(np.uint8)
    good = curve_of(target.astype(float), target).area
    chance = curve_of(rng.random(4000), target).area
    bad = curve_of(-target.astype(float), target).area
    assert good == 1 and chance == pytest.approx(0.5, abs=0.05) and bad < good
    assert bad == pytest.approx(target.mean())  # all are needed to find any


def test_no_target_and_nothing_at_all():
    curve = curve_of(np.arange(4.0), np.zeros(4, np.uint8))
    assert np.isnan(curve.area) and np.isnan(curve.recall).all()
    assert curve.at_recall(0.5) is None and curve.best_iou() is None
    ignored = curve_of(np.arange(4.0), np.full(4, 255, np.uint8))
    assert np.isnan(ignored.area) and ignored.at_recall(0.5) is None


def test_where_a_recall_is_reached_and_where_iou_is_best():
    target = np.array([1, 0, 1, 0, 1], np.uint8)
    curve = curve_of(np.array([5.0, 4, 3, 2, 1]), target)
    assert curve.at_recall(0.5) == 2 and curve.at_recall(1.1) is None
    assert curve.best_iou() == 4  # 3 of 5, before that 2 of 4
