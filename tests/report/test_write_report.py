import re

import pytest

from mmext.errors import UserError
from mmext.report import write_report


def test_a_page_that_needs_nothing_else(experiment, tmp_path):
    notes = write_report([experiment], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "viewport" in page and "@media print" in page
    assert "0.1000" in page or "0.100" in page  # the gain in IoU
    figures = {p.name for p in (tmp_path / "report" / "figures").iterdir()}
    for name in ("loss_iou", "cfdr", "iou", "fn_tp", "fp_tp", "stability"):
        assert {f"{name}.png", f"{name}.svg"} <= figures
    # There is no bank and no checkpoint in these folders, and it says so.
    assert any("error_bank_epoch_4.npz" in note for note in notes)
    assert any("has no checkpoint" in note for note in notes)
    assert (tmp_path / "report" / "cases.csv").read_text().count("\n") == 3


def test_what_is_missing_or_unfinished_is_named(experiment, write_run, tmp_path):
    write_run("stage1_A", range(5, 7), state="running", folder="exp")
    empty = tmp_path / "empty"
    empty.mkdir()
    notes = write_report([experiment, empty], tmp_path / "report")
    assert any("stage1_A: unfinished, epoch 6 of 6" in note for note in notes)
    assert any("empty: holds no run.json" in note for note in notes)


def test_one_epoch_and_no_scores(write_run, tmp_path):
    path = write_run("stage1_trunk", range(1, 2))
    text = (path / "history.jsonl").read_text()
    (path / "history.jsonl").write_text(re.sub(r'"iou": [0-9.]+', '"iou": null', text))
    write_report([path], tmp_path / "report")
    assert (tmp_path / "report" / "report.html").is_file()


def test_nothing_to_report(tmp_path):
    with pytest.raises(UserError, match="no such work directory"):
        write_report([tmp_path / "absent"], tmp_path / "report")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no run to report"):
        write_report([tmp_path / "empty"], tmp_path / "report")
