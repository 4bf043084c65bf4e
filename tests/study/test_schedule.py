"""Which trainings are needed and in which order; the trainings themselves are faked."""

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from mmengine.device import utils

from mmext.errors import UserError
from mmext.study import schedule
from mmext.study.schedule import Training, needed_trainings, run_trainings
from mmext.study.study_file import Arm, read_study
from mmext.study.training_configs import write_training_configs

STUDIES = Path(__file__).resolve().parents[2] / "configs" / "studies"


def test_parents_come_first_and_once(tmp_path):
    study = read_study(STUDIES / "dead_trees_errors.py")
    arms = [Arm(name, name) for name in ("stage2_B100-300", "gated", "out_of_fold")]
    configs = write_training_configs(replace(study, arms=arms), tmp_path)
    options = {"*": {"epoch_scale": 0.02}, "stage1_*": {"log_level": "ERROR"}}
    found = needed_trainings(configs, [0, 7], options, tmp_path)
    names = [str(t.work_dir.relative_to(tmp_path)) for t in found]
    one = "stage1_trunk stage1_B stage2_B100-300 gated stage1_fold0 stage1_fold1"
    expected = [*one.split(), "out_of_fold"]
    assert names == [f"seed{s}/{name}" for s in (0, 7) for name in expected]
    by_name = dict(zip(names, found, strict=True))
    trunk, stage2 = by_name["seed7/stage1_trunk"], by_name["seed7/stage2_B100-300"]
    assert dict(trunk.options) == {
        "epoch_scale": 0.02,
        "randomness.seed": 7,
        "log_level": "ERROR",
    }
    assert "log_level" not in dict(stage2.options)
    assert (trunk.epochs, stage2.epochs) == (4, 8)
    assert len(by_name["seed0/out_of_fold"].parents) == 2


def fake(tmp_path, **parents):
    return [
        Training(
            config_path=Path(f"{name}.py"),
            work_dir=tmp_path / name,
            options=(),
            epochs=1,
            parents=tuple(tmp_path / parent for parent in of),
        )
        for name, of in parents.items()
    ]


@pytest.fixture
def order(monkeypatch):
    """Names in the order they were run; those with an x in them fail."""
    ran = []

    def run(training, environment, device):
        assert environment["OMP_NUM_THREADS"]
        ran.append(training.work_dir.name)
        if "x" in training.work_dir.name:
            raise UserError("see the log")

    monkeypatch.setattr(schedule, "_run", run)
    return ran


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_child_before_its_parents(tmp_path, order, jobs):
    run_trainings(fake(tmp_path, a=[], b=["a"], c=["a"], d=["b", "c"], e=[]), jobs)
    assert sorted(order) == ["a", "b", "c", "d", "e"]
    for child, parents in {"b": "a", "c": "a", "d": "bc"}.items():
        assert all(order.index(p) < order.index(child) for p in parents)


def test_a_failure_stops_its_children_only(tmp_path, order):
    with pytest.raises(UserError, match=r"/x1: training failed \(and 1 more\): see"):
        run_trainings(fake(tmp_path, x1=[], b=["x1"], c=[]), jobs=2)
    assert sorted(order) == ["c", "x1"]


@pytest.mark.parametrize("device", ["cpu", None])
def test_a_training_is_told_where_to_run(tmp_path, monkeypatch, device):
    commands = []

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(schedule.subprocess, "run", run)
    run_trainings(fake(tmp_path, a=[]), device=device)
    told = commands[0][commands[0].index("a.py") :]
    assert told == ["a.py", str(tmp_path / "a"), *([device] if device else [])]


@pytest.mark.parametrize("device", ["cpu", None])
def test_the_process_of_a_training_takes_what_it_is_told(monkeypatch, device):
    trained = []

    def train(config, work_dir, options, resume):
        trained.append((config, work_dir, options, resume, utils.DEVICE))

    monkeypatch.setattr(schedule, "train", train)
    monkeypatch.setattr(utils, "DEVICE", "chosen")
    monkeypatch.setattr(
        "sys.argv", ["x", "a.py", "out/a", *([device] if device else [])]
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"epoch_scale": 0.5})))
    schedule._train_one()
    told = (Path("a.py"), Path("out/a"), {"epoch_scale": 0.5}, True)
    assert trained == [(*told, device or "chosen")]
