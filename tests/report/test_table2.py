import math

import pytest

from mmext.report.experiment import group_experiments
from mmext.report.published import TABLE_2
from mmext.report.runs import find_runs
from mmext.report.table2 import case_rows, published_rows


def rows(folder, window=None):
    runs, _ = find_runs([folder])
    [experiment] = group_experiments(runs)
    return case_rows(experiment, window)


def test_both_stages_are_averaged_over_the_same_epochs(experiment):
    [row] = rows(experiment)
    assert row["iou_1"] == pytest.approx(0.5 + 4.5 / 1000)
    assert row["iou_2"] == pytest.approx(0.6 + 4.5 / 1000)
    assert row["d_iou"] == pytest.approx(0.1)
    assert row["d_fn_tp"] == pytest.approx(0.1)  # 0.4 down to 0.3: a gain
    assert row["d_fp_tp"] == pytest.approx(0.1)  # 0.1 up to 0.2: a loss
    assert row["cfdr"] == 0.04


def test_a_window_takes_the_last_epochs(experiment):
    [row] = rows(experiment, window=2)
    assert row["iou_1"] == pytest.approx(0.5 + 7.5 / 1000)


def test_without_a_first_stage_its_columns_are_empty(write_run):
    path = write_run(
        "stage2_A100-200",
        range(1, 4),
        dict(parent="stage1_trunk", epoch=4, use="bank"),
    )
    [row] = rows(path)
    assert math.isnan(row["iou_1"]) and math.isnan(row["cfdr"])
    assert math.isnan(row["d_iou"])


def test_published_differences_are_computed():
    """The paper prints 0.31 for B_100-250; its own figures give 0.21."""
    by_case = {row["case"]: row for row in published_rows()}
    assert by_case["B100-250"]["d_fn_tp"] == pytest.approx(0.21)
    assert by_case["A100-250"]["d_iou"] == pytest.approx(0.13)
    assert set(by_case) == set(TABLE_2)
