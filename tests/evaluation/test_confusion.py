import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmext.evaluation.confusion import Confusion, confusion


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_counts_equal_a_pixel_loop(seed):
    rng = np.random.default_rng(seed)
    target = rng.choice(np.array([0, 1, 255], np.uint8), (4, 5))
    predicted = rng.random((4, 5)) < 0.5
    expected = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    for p, t in zip(predicted.flat, target.flat, strict=True):
        if t != 255:
            expected[("t" if p == t else "f") + ("p" if p else "n")] += 1
    assert confusion(predicted, target) == Confusion(**expected)


def test_scores_by_hand():
    counts = Confusion(tp=6, fp=2, fn=3, tn=9)
    assert counts.iou == 6 / 11
    assert counts.precision == 6 / 8
    assert counts.recall == 6 / 9
    assert counts.f1 == 12 / 17
    assert counts.fn_tp == 0.5
    assert counts.fp_tp == 2 / 6
    assert counts + counts == Confusion(12, 4, 6, 18)


def test_an_empty_prediction_of_an_empty_truth_has_no_score():
    counts = confusion(np.zeros((2, 2), bool), np.zeros((2, 2), np.uint8))
    assert counts == Confusion(tn=4)
    assert all(
        math.isnan(counts.as_dict()[name])
        for name in ("iou", "precision", "recall", "f1", "fn_tp", "fp_tp")
    )
