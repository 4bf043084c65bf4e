import numpy as np
import pytest

from mmext.evaluation.precision_recall import PrecisionRecall
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.segmentation.gains import (
    case_intervals,
    draw_intervals,
    interval_rows,
    units_of,
)


def scores(decided):
    nothing = PrecisionRecall(*(np.zeros(0) for _ in range(3)), total=0)
    return TileScores(nothing, np.array(decided))


def test_many_scenes_are_drawn_themselves():
    few = np.repeat(["a", "b"], 5)
    units, name = units_of(few)
    assert name == "tiles" and len(np.unique(units)) == 10
    many = np.array([f"s{i // 2}" for i in range(24)])
    units, name = units_of(many)
    assert name == "scenes" and len(np.unique(units)) == 12


def test_gains_have_the_signs_of_the_case_table():
    stage1 = scores([[50, 10, 50], [40, 10, 60]])
    union = scores([[80, 30, 20], [70, 20, 30]])
    found = case_intervals([stage1], [{"union": union}], np.arange(2))["union"]
    assert found["iou"].value == pytest.approx(150 / 250 - 90 / 220)
    assert found["fn_tp"].value == pytest.approx(110 / 90 - 50 / 150)
    assert found["fp_tp"].value == pytest.approx(50 / 150 - 20 / 90)
    for interval in found.values():
        assert 0 < interval.low <= interval.value <= interval.high
    [line] = interval_rows("A100-200", 1, {"union": found})
    assert line["method"] == "stage 2, union" and line["iou"].startswith("+0.191 [+")
    assert draw_intervals({"A100-200": {"union": found}}).axes
