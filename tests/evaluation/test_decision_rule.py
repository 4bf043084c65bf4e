"""Decisions on scenes made by hand, against what they say they are."""

import numpy as np
import pytest
from scipy.special import expit, logit

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
        np.testing.assert_array_equal(margin > 0, decision.mask(scene, channels))


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
        np.testing.assert_array_equal(margin > shift, other.mask(scene, channels))


def test_components_and_shapes_have_no_score():
    logits = np.zeros((2, 4, 4), np.float32)
    channels = ("target", "error")
    assert DecisionRule(dict(mode="touching")).score(logits, channels) is None
    assert DecisionRule({}, dict(min_area=3)).score(logits, channels) is None


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
