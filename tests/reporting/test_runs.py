import json
import re

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.runs import find_runs
from mmext.reporting.segmentation.experiment import group_experiments, group_seeds


def test_a_run_is_read_once_however_it_is_named(experiment):
    runs, notes = find_runs([experiment, experiment / "stage1_trunk"])
    assert sorted(run.name for run in runs) == [
        "stage1_baseline",
        "stage1_trunk",
        "stage2_A100-200",
    ]
    assert notes == []


def test_what_is_missing_torn_or_unfinished_is_named(experiment, write_run, tmp_path):
    write_run("stage1_A", range(5, 7), state="running")
    write_run("stage1_B", range(5, 7))
    (experiment / "stage1_B" / "run.json").write_text('{"config": ')
    (experiment / "stage1_baseline" / "history.jsonl").unlink()
    (tmp_path / "empty").mkdir()
    paths = [experiment, tmp_path / "empty", tmp_path / "absent"]
    runs, notes = find_runs(paths)
    assert {run.name for run in runs} == {
        "stage1_trunk",
        "stage1_A",
        "stage2_A100-200",
    }
    for part in (
        "stage1_A: unfinished, epoch 6 of 6",
        "stage1_B/run.json: damaged, not JSON",
        "stage1_baseline: has no finished epoch",
        "empty: holds no run.json",
        "absent: no such work directory",
    ):
        assert sum(part in note for note in notes) == 1


def test_warnings_and_ends_that_nobody_planned_are_named(experiment):
    def change(name, **values):
        file = experiment / name / "run.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    warning = dict(kind="fit", epoch=3, message="Errors at a training IoU of 0.39")
    for name in ("stage1_trunk", "stage1_baseline"):
        change(name, warnings=[warning])
    change("stage1_baseline", state="stopped early", reason="stopped after epoch 8")
    change("stage2_A100-200", state="failed", reason="loss is nan at epoch 9")
    runs, notes = find_runs([experiment])
    assert {run.name: run.finished for run in runs} == {
        "stage1_trunk": True,
        "stage1_baseline": True,
        "stage2_A100-200": False,
    }
    trunk, baseline = (experiment / f"stage1_{n}" for n in ("trunk", "baseline"))
    assert set(notes) == {
        f"{baseline}: stopped early: stopped after epoch 8",
        f"{experiment / 'stage2_A100-200'}: failed: loss is nan at epoch 9",
        f"{baseline}, {trunk}: {warning['message']}",
    }


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("run.json", b"\xff\xfe", "can't be read"),
        ("run.json", b"[]", "expected a table"),
        ("run.json", b'{"config": 3, "seed": 0, "epochs": 1}', "run.json"),
        ("history.jsonl", b"\xff\n", "line 1: damaged"),
        ("history.jsonl", b'{"epoch": 1}\n{"epoch"', "line 2: damaged"),
        ("history.jsonl", b'{"epoch": 0}', r"line 1\.epoch: is 0, expected at least 1"),
        ("history.jsonl", b'{"epoch": 2}\n{"epoch": 1}', "epoch 1 after epoch 2"),
        ("history.jsonl", b'{"epoch": 1, "test": 3}', r"\.test: is 3"),
        ("history.jsonl", b'{"epoch": 1, "test": {"a": {"iou": "x"}}}', "is 'x'"),
        ("history.jsonl", b"3\n", "expected a table"),
    ],
)
def test_damaged_files_are_one_line(experiment, file, content, expected):
    (experiment / "stage1_trunk" / file).write_bytes(content)
    runs, notes = find_runs([experiment])
    assert "stage1_trunk" not in {run.name for run in runs}
    [note] = notes
    assert re.search(expected, note) and note.endswith("left out") and "\n" not in note


def test_a_record_without_its_essentials_is_named(experiment):
    (experiment / "stage1_trunk" / "run.json").write_text('{"config": "stage1_trunk"}')
    _, notes = find_runs([experiment])
    assert any("run.json.seed: missing, left out" in note for note in notes)


def test_nothing_at_all(tmp_path):
    with pytest.raises(UserError, match=r"no run to report: .*no such work directory"):
        find_runs([tmp_path / "absent"])


def test_absent_values_are_nan(experiment):
    runs, _ = find_runs([experiment / "stage1_trunk"])
    assert np.isnan(runs[0].series("cfdr", "total")[:2]).all()
    assert np.isnan(runs[0].series("test", "union", "iou")).all()


def test_links_that_are_not_there(experiment):
    [e] = group_experiments(find_runs([experiment])[0])
    assert e.missing == [
        *("stage1_A", "stage1_B"),
        *("stage2_A100-250", "stage2_B100-250", "stage2_B100-300"),
    ]
    assert e.shown_case == "A100-200" and e.reference.name == "stage1_baseline"


def test_sibling_folders_that_differ_in_seed_belong_together(write_run, tmp_path):
    for seed in (0, 1):
        write_run("stage1_trunk", range(1, 3), folder=f"a/seed{seed}", seed=seed)
    write_run("stage1_trunk", range(1, 3), folder="b/seed0")
    for arm in ("x", "y"):
        write_run("stage1_trunk", range(1, 3), folder=f"c/{arm}", seed=7)
    groups = group_seeds(group_experiments(find_runs([tmp_path])[0]))
    labels = [[experiment.label for experiment in members] for members in groups]
    assert labels == [["a/seed0", "a/seed1"], ["b/seed0"], ["c/x"], ["c/y"]]
