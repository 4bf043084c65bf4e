import json
import math

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.runs import find_runs
from mmext.reporting.segmentation import EpochWindow
from mmext.reporting.segmentation.averages import case_rows
from mmext.reporting.segmentation.experiment import group_experiments

EPOCHS = np.array([1, 2, 3, 5, 8])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":", [1, 2, 3, 5, 8]),
        ("2", [5, 8]),
        ("99", [1, 2, 3, 5, 8]),
        ("2:5", [2, 3, 5]),
        ("3:", [3, 5, 8]),
        (":3", [1, 2, 3]),
        ("9:12", []),
    ],
)
def test_epochs_in_a_window(text, expected):
    assert EpochWindow.parse(text).select(EPOCHS).tolist() == expected


@pytest.mark.parametrize("text", ["0", "-3", "5:2", "a:b", "1:2:3", ""])
def test_anything_else_is_refused(text):
    with pytest.raises(UserError, match="--epochs"):
        EpochWindow.parse(text)


def rows(folder, window=":"):
    runs, _ = find_runs([folder])
    [experiment] = group_experiments(runs)
    return case_rows(experiment, window and EpochWindow.parse(window))


def test_both_stages_are_averaged_over_the_same_epochs(experiment):
    [row] = rows(experiment)
    assert row["iou_1"] == pytest.approx(0.5 + 4.5 / 1000)
    assert row["iou_2"] == pytest.approx(0.6 + 4.5 / 1000)
    assert row["d_iou"] == pytest.approx(0.1)
    assert row["d_fn_tp"] == pytest.approx(0.1)  # 0.4 down to 0.3: a gain
    assert row["d_fp_tp"] == pytest.approx(0.1)  # 0.1 up to 0.2: a loss
    assert row["cfdr"] == 0.04


@pytest.mark.parametrize(("window", "mean"), [("2", 7.5), ("3:4", 3.5), ("8:", 8)])
def test_a_window_picks_epochs(experiment, window, mean):
    [row] = rows(experiment, window)
    assert row["iou_1"] == pytest.approx(0.5 + mean / 1000)
    assert row["iou_2"] == pytest.approx(0.6 + mean / 1000)


def test_the_headline_leaves_out_untrained_epochs(experiment):
    # Errors are accumulated from epoch 3 on, of 8.
    [row] = rows(experiment, None)
    assert row["iou_1"] == pytest.approx(0.5 + 5.5 / 1000)
    # A stage that finds its first target in epoch 6 is untrained until then.
    file = experiment / "stage2_A100-200" / "history.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines[:5]:
        line["test"]["union"]["iou"] = 0.0
    # Later it may lose them again: that is a result.
    lines[6]["test"]["union"]["iou"] = 0.0
    file.write_text("\n".join(map(json.dumps, lines)))
    [row] = rows(experiment, None)
    assert row["iou_1"] == pytest.approx(0.5 + 7 / 1000)
    assert row["iou_2"] == pytest.approx((0.606 + 0 + 0.608) / 3)
    [row] = rows(experiment, ":")
    assert row["iou_1"] == pytest.approx(0.5 + 4.5 / 1000)


def test_a_stage_that_never_finds_a_target_averages_nothing(experiment):
    file = experiment / "stage2_A100-200" / "history.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line["test"]["union"]["iou"] = None
    file.write_text("\n".join(map(json.dumps, lines)))
    [row] = rows(experiment, None)
    assert math.isnan(row["iou_1"]) and math.isnan(row["iou_2"])


def test_a_bank_of_several_parents_has_no_cfdr_of_its_own(write_run):
    folder = write_run("stage1_fold0", range(1, 5)).parent
    parents = ["stage1_fold0", "stage1_fold1"]
    lineage = dict(parent=parents, epoch=4, use="bank")
    write_run("stage2_folds", range(1, 5), lineage)
    [row] = rows(folder)
    assert math.isnan(row["cfdr"])


def test_an_empty_window_averages_nothing(experiment):
    [row] = rows(experiment, "50:60")
    assert math.isnan(row["iou_1"]) and math.isnan(row["iou_2"])


def test_epochs_without_a_score_are_left_out(experiment):
    file = experiment / "stage2_A100-200" / "history.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[0]["test"]["union"]["fn_tp"] = None
    lines[1]["test"]["union"]["fn_tp"] = 9.0
    file.write_text("\n".join(map(json.dumps, lines)))
    [row] = rows(experiment)
    assert row["fn_tp_2"] == pytest.approx((9.0 + 6 * 0.3) / 7)
    # One epoch that finds next to nothing is not the headline.
    assert row["median_fn_tp_2"] == pytest.approx(0.3)


def test_a_trunk_counts_only_up_to_where_the_baseline_took_over(experiment):
    file = experiment / "stage1_trunk" / "history.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    extra = json.loads(json.dumps(lines[-1]))
    extra["epoch"], extra["test"]["target"]["iou"] = 5, 0.0
    file.write_text("\n".join(map(json.dumps, [*lines, extra])))
    [row] = rows(experiment)
    assert row["iou_1"] == pytest.approx(0.5 + 4.5 / 1000)


def test_scores_on_validation_data_stand_in(experiment):
    for file in experiment.glob("*/history.jsonl"):
        file.write_text(file.read_text().replace('"test":', '"val":'))
    [row] = rows(experiment)
    assert row["d_iou"] == pytest.approx(0.1)


def test_without_a_first_stage_its_columns_are_empty(write_run):
    path = write_run(
        "stage2_A100-200",
        range(1, 4),
        dict(parent="stage1_trunk", epoch=4, use="bank"),
    )
    [row] = rows(path)
    assert math.isnan(row["iou_1"]) and math.isnan(row["cfdr"])
    assert math.isnan(row["d_iou"])
    assert row["iou_2"] == pytest.approx(0.502)
