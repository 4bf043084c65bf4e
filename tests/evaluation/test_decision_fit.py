"""The fit against the plain loop over candidates and scenes."""

import numpy as np
import pytest
from scipy.special import expit

from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.decision_fit import DecisionFit, fit_decision
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.standard_rules import candidates, standard_rules

from .stand_in import Stand


def by_hand(answers, rules):
    """Every rule's own mask of every scene, in the order of the rules."""
    return [
        sum(
            (
                confusion(rule.mask(scene, answers.channels), scene.target)
                for scene in answers.scenes()
            ),
            Confusion(),
        )
        for rule in rules
    ]


@pytest.mark.parametrize(
    "channels",
    [("target",), ("target", "error"), ("target", "fn"), ("target", "fn", "fp")],
)
def test_equals_the_plain_loop(channels):
    answers = Stand(channels)
    rules = standard_rules(channels)
    fit = fit_decision(answers, rules)
    expected = by_hand(answers, rules)
    assert list(fit.counts) == expected
    ious = [counts.iou for counts in expected]
    assert fit.index == int(np.argmax(ious)) and fit.iou == max(ious)
    assert len({(counts.tp, counts.fp) for counts in expected}) > 50


def test_shapes_in_any_order():
    answers = Stand(("target", "error"))
    shapes = [
        dict(min_area=2, grow=2),
        {},
        dict(grow=3),
        dict(min_area=2),
        dict(grow=1),
        dict(max_hole=2, grow=1),
    ]
    decoders = [
        dict(mode="touching", threshold=0.4, confident=0.8),
        dict(mode="union", threshold=0.4),
        dict(mode="touching", threshold=0.4),
        {},
        dict(mode="hysteresis", threshold=0.4, confident=0.9),
    ]
    rules = candidates(decoders, shapes)
    assert list(fit_decision(answers, rules).counts) == by_hand(answers, rules)


def test_the_best_candidate_is_chosen_by_the_iou_of_sums():
    answers = Stand(("target",))
    levels = [0.01, 0.2, 0.5, 0.8, 0.99]
    fit = fit_decision(answers, candidates([dict(threshold=t) for t in levels], []))
    ious = []
    for level in levels:
        tp = fp = fn = 0
        for scene in answers.scenes():
            counts = confusion(expit(scene.logits[0]) > level, scene.target)
            tp, fp, fn = tp + counts.tp, fp + counts.fp, fn + counts.fn
        ious.append(tp / (tp + fp + fn))
    assert fit.iou == pytest.approx(max(ious))
    assert fit.rule.decoder["threshold"] == levels[int(np.argmax(ious))]


def test_of_equals_the_first():
    answers = Stand(("target",))
    same = [dict(mode="target"), dict(mode="union"), dict(threshold=0.5)]
    assert fit_decision(answers, candidates(same, [])).index == 0


def test_nothing_to_choose_by():
    with pytest.raises(UserError, match="data/val: has no target"):
        fit_decision(Stand(("target",), positives=0), [DecisionRule({})])


def chosen(rules, index):
    counts = [Confusion(tp=int(number == index), fn=1) for number in range(len(rules))]
    return DecisionFit(rules, counts)


@pytest.mark.parametrize(
    "decoder, growth, edges",
    [
        (dict(mode="target", threshold=0.3), {}, []),
        (
            dict(mode="target", threshold=0.0005),
            {},
            ["threshold 0.0005 is the lowest that was tried"],
        ),
        (
            dict(mode="union", threshold=dict(target=0.3, error=0.99)),
            dict(grow=4),
            [
                "threshold of error 0.99 is the highest that was tried",
                "grow 4 is the highest that was tried",
            ],
        ),
        # Nothing lies beyond 1.
        (
            dict(mode="touching", threshold=dict(target=0.1, error=0.3), confident=1.0),
            {},
            ["threshold of error 0.3 is the lowest that was tried"],
        ),
        # Of hysteresis, not of the other modes.
        (
            dict(mode="hysteresis", threshold=0.5, confident=0.7),
            dict(grow=1),
            ["threshold 0.5 is the highest that was tried"],
        ),
    ],
)
def test_edges_of_the_grid_are_named(decoder, growth, edges):
    rules = standard_rules(("target", "error"))
    index = rules.index(DecisionRule(decoder | growth))
    assert chosen(rules, index).edges == edges
