import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmext.engine.lineage import is_finished
from mmext.engine.work_dir import (
    history_text,
    last_checkpoints,
    parse_history,
    read_history,
    refuse_own_checkpoint,
    salvage_history,
    write_history,
)
from mmext.errors import UserError

LINES = [
    {
        "epoch": epoch,
        "seconds": 1.5,
        "lr": 1e-3,
        "loss": {"sum": 3, "mean": 0.5},
        "test": {"target": {"tp": 3, "iou": None}, "loss": 0.1},
        "something": "of a later version",
    }
    for epoch in (3, 4, 7)
]


def test_what_is_written_is_read(tmp_path):
    write_history(tmp_path, LINES)
    assert read_history(tmp_path) == LINES
    # Counts stay whole numbers when a resumed run writes its lines again.
    text = (tmp_path / "history.jsonl").read_text()
    write_history(tmp_path, read_history(tmp_path))
    assert (tmp_path / "history.jsonl").read_text() == text
    assert read_history(tmp_path / "elsewhere") == []


def test_nan_is_written_as_nothing():
    lines = [{"epoch": 1, "loss": {"mean": float("nan")}, "lr": float("inf")}]
    assert json.loads(history_text(lines)) == {
        "epoch": 1,
        "loss": {"mean": None},
        "lr": None,
    }


def test_a_torn_last_line_costs_that_line(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text(history_text(LINES)[:-20])
    lines, [complaint] = salvage_history(tmp_path)
    assert lines == LINES[:2]
    assert complaint.startswith(f"{path} line 3: damaged, not JSON")
    with pytest.raises(UserError, match="line 3: damaged"):
        read_history(tmp_path)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_no_bytes_are_a_traceback(junk, place):
    text = history_text(LINES).encode()
    damaged = text[:place] + junk + text[place:]
    lines, complaints = parse_history(damaged.decode(errors="replace"), "history")
    assert all("\n" not in complaint for complaint in complaints)
    epochs = [line["epoch"] for line in lines]
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize(
    ("changes", "finished"),
    [
        ({}, True),
        ({"state": "running"}, False),
        ({"state": "failed", "reason": "nan"}, False),
        ({"epochs": 9}, False),
        ({"state": "stopped early", "trained_epochs": 2}, True),
        ({"state": "stopped early", "trained_epochs": 3}, False),  # no such checkpoint
        ({"state": "finished!"}, False),
        ({"epochs": None}, False),
    ],
    ids=str,
)
def test_whether_a_run_has_ended(tmp_path, capsys, changes, finished):
    record = {"config": "a", "seed": 0, "epochs": 4, "state": "finished"} | changes
    (tmp_path / "run.json").write_text(json.dumps(record))
    for epoch in (2, 4):
        (tmp_path / f"epoch_{epoch}.pth").touch()
    assert is_finished(tmp_path, 4) == finished
    damaged = record["epochs"] is None or record["state"] == "finished!"
    assert ("taken for a run that has not ended" in capsys.readouterr().out) == damaged


def test_no_record_is_no_end(tmp_path):
    assert not is_finished(tmp_path, 4)


def test_the_last_checkpoints(tmp_path):
    for epoch in (8, 10, 2, 12, 4):
        (tmp_path / f"epoch_{epoch}.pth").touch()
    (tmp_path / "best_iou_epoch_6.pth").touch()
    assert list(last_checkpoints(tmp_path)) == [2, 4, 8, 10, 12]
    assert list(last_checkpoints(tmp_path, 4)) == [10, 12]
    assert list(last_checkpoints(tmp_path, 5)) == [8, 10, 12]
    assert list(last_checkpoints(tmp_path, 1, least=1)) == [12]
    with pytest.raises(UserError, match="keeps 1 checkpoint of its last 2 epochs, ex"):
        last_checkpoints(tmp_path, 2)
    with pytest.raises(UserError, match="keeps 0 checkpoints, expected at least 1"):
        last_checkpoints(tmp_path / "none", least=1)


def test_a_runs_own_files_are_not_written_over(tmp_path):
    for name in ("epoch_12.pth", "epoch_99.pth", "best_x.pth", "history.jsonl"):
        with pytest.raises(UserError, match="is a name of the run's own files"):
            refuse_own_checkpoint(tmp_path, tmp_path / "x" / ".." / name)
    refuse_own_checkpoint(tmp_path, tmp_path / "average.pth")
    refuse_own_checkpoint(tmp_path, tmp_path.parent / "epoch_12.pth")
