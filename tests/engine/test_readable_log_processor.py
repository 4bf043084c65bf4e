from mmext.engine.readable_log_processor import score_line


def test_main_scores_group_by_group():
    values = {
        "test/target.tp": 4361.0,
        "test/target.iou": 0.0655,
        "test/target.recall": float("nan"),
        "test/loss": 0.98,
        "test/objects.union.precision": 0.25,
        "time": 0.1,
    }
    expected = "target: IoU 0.066, recall –; loss 0.980; objects of union: precision"
    assert score_line(values) == f"{expected} 0.250"


def test_depth_scores():
    line = score_line({"val/all_median.abs_rel": 0.1, "val/all_median.rmse": 2})
    assert line == "all_median: AbsRel 0.100, RMSE 2.000"


def test_values_of_others_are_left_to_mmengine():
    assert score_line({"mIoU": 80.0, "time": 1.0}) == ""
