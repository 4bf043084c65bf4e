"""Decisions on scenes made by hand, against what they say they are."""

import numpy as np
import pytest
from scipy.special import expit, logit

from mmext.evaluation.answers import SceneLogits
from mmext.evaluation.decision_rule import DecisionRule
from mmext.study.results import precision_at, score_arm

from .stand_in import Stand

PIXELWISE = [
    (dict(mode="target", threshold=0.3), ("target",)),
    (dict(mode="union", threshold=0.7), ("target", "error")),
    (
        dict(mode="union", threshold=dict(target=0.2, error=0.9)),
        ("target", "error"),
    ),
    (dict(mode="error"), ("target", "error")),
    (
        dict(mode="gated", threshold=dict(target=0.4, fn=0.8, fp=0.6)),
        ("target", "fn", "fp"),
    ),
    (dict(mode="gated"), ("target", "fp")),
]


@pytest.mark.parametrize("decoder, channels", PIXELWISE)
def test_above_zero_the_score_is_the_decision(decoder, channels):
    decision = DecisionRule(decoder)
    for scene in Stand(channels).scenes():
        margin = decision.score(scene.logits, channels)
        known = scene.target != 255
        mask = decision.mask(scene, channels)
        np.testing.assert_array_equal((margin > 0) & known, mask)


@pytest.mark.parametrize("shift", [-1.0, 0.7])
def test_the_score_is_a_common_shift_of_all_thresholds(shift):
    thresholds = dict(target=0.2, fn=0.9, fp=0.6)
    channels = tuple(thresholds)
    # A gate shifts the other way: lower thresholds let more in everywhere.
    moved = {
        name: float(expit(logit(t) + (-shift if name == "fp" else shift)))
        for name, t in thresholds.items()
    }
    decision = DecisionRule(dict(mode="gated", threshold=thresholds))
    other = DecisionRule(dict(mode="gated", threshold=moved))
    for scene in Stand(channels).scenes():
        margin = decision.score(scene.logits, channels)
        known = scene.target != 255
        mask = other.mask(scene, channels)
        np.testing.assert_array_equal((margin > shift) & known, mask)


def test_components_and_shapes_have_no_score():
    logits = np.zeros((2, 4, 4), np.float32)
    channels = ("target", "error")
    assert DecisionRule(dict(mode="touching")).score(logits, channels) is None
    assert DecisionRule({}, dict(min_area=3)).score(logits, channels) is None
    assert DecisionRule(dict(grow=1)).score(logits, channels) is None


def test_shapes_are_filtered_before_they_grow_and_no_data_stays_out():
    target = np.zeros((7, 12), np.uint8)
    target[:, 6] = 255
    logits = np.full((1, 7, 12), -3, np.float32)
    logits[0, 3, 1] = logits[0, 3, 4:7] = logits[0, 0, 11] = 3
    rule = DecisionRule(dict(threshold=0.5, grow=2), dict(min_area=2))
    mask = rule.mask(SceneLogits(logits, target), ("target",))
    # One row of two pixels is left; what follows is grown from them by hand.
    expected = np.zeros_like(mask)
    expected[2:5, 2:6] = expected[1:6, 3:6] = True
    expected[3, 2] = True
    np.testing.assert_array_equal(mask, expected)


def test_a_rule_in_words():
    rule = DecisionRule(dict(mode="union", threshold=0.3), dict(min_area=9))
    assert str(rule) == "union, threshold 0.3, min_area 9"


def test_sums_by_scene_and_the_curves_own_point():
    answers = Stand(("target", "error"), scenes=4)
    result = score_arm(answers, DecisionRule(dict(mode="union")), val_iou=0.5)
    assert result.sums.shape == (4, 3)
    for scene, sums in zip(answers.scenes(), result.sums, strict=True):
        union = (scene.logits > 0).any(axis=0)
        tp = (union & (scene.target == 1)).sum()
        fp = (union & (scene.target == 0)).sum()
        assert sums.tolist() == [tp, fp, (scene.target == 1).sum() - tp]
    # float16 scores near 0 may fall on the other side.
    found = precision_at(result.curve, result.counts.recall)
    assert found == pytest.approx(result.counts.precision, abs=0.02)
    assert np.isnan(precision_at(result.curve, 0.0))
