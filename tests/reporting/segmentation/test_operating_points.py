import math

import numpy as np
import pytest

from mmext.evaluation.precision_recall import ScoreHistogram
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.segmentation.operating_points import (
    draw_operating_points,
    operating_rows,
    verdict,
)


def scores(logits, target, threshold=0.0):
    histogram = ScoreHistogram()
    logits, target = np.array(logits, np.float16), np.array(target, np.uint8)
    histogram.add(logits, target)
    above = logits > threshold
    tp = int((above & (target == 1)).sum())
    sums = [tp, int((above & (target == 0)).sum()), int((target == 1).sum()) - tp]
    return TileScores(histogram.curve(), np.array([sums]))


TARGET = [1, 1, 1, 0, 0, 0]
#: Finds 1 of 3 at 0; at a lower threshold all three before any false one.
STAGE1 = scores([4, -1, -2, -3, -4, -5], TARGET)
#: Finds all 3 at 0, with two false ones.
UNION = scores([4, 3, 2, 2.5, 1, -5], TARGET)


def test_everyone_at_the_recall_of_either():
    rows = operating_rows(STAGE1, {"A100-200": {"union": UNION}})
    by_rule = {(row["method"], row["rule"]): row for row in rows}
    trained = by_rule["stage 2, union", "as trained"]
    assert (trained["precision"], trained["recall"]) == (3 / 5, 1)
    assert math.isnan(trained["threshold"])
    lowered = by_rule["stage 1", "at stage 2's recall, 1.000"]
    assert (lowered["precision"], lowered["fn_tp"]) == (1, 0)
    assert lowered["threshold"] == pytest.approx(1 / (1 + math.exp(2)))
    raised = by_rule["stage 2, union", "at stage 1's recall, 0.333"]
    assert raised["precision"] == 1 and raised["recall"] == pytest.approx(1 / 3)
    assert by_rule["stage 1", "best IoU on these very pixels"]["iou"] == 1


def test_the_answer_in_words():
    text = verdict("A100-200", STAGE1, {"union": UNION})
    assert "recall of stage 2 as trained, 1.000, its precision is 0.600" in text
    assert "stage 1 with its threshold at 0.12 has 1.000" in text
    assert "stage 1 1.000" in text


def test_a_set_without_target_has_no_points():
    empty = scores([1, -1], [0, 0])
    rows = operating_rows(empty, {"A100-200": {"union": empty}})
    assert all(math.isnan(row["recall"]) for row in rows)
    assert "has no true positive" in verdict("A100-200", empty, {"union": empty})
    assert draw_operating_points(empty, {}).axes


def test_without_a_first_stage():
    rows = operating_rows(None, {"A100-200": {"target": STAGE1, "union": UNION}})
    assert {row["method"] for row in rows} == {"stage 2, channel 0", "stage 2, union"}
    assert draw_operating_points(None, {"A100-200": {"union": UNION}}).axes
