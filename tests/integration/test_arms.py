"""Every arm trains at the smallest size; a study and a reproduction by their tools."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmext.engine.train import train
from mmext.models.backbones import UNet3
from mmext.study.run_study import run_study
from mmext.study.schedule import needed_trainings
from mmext.study.study_file import Arm, read_study
from mmext.study.training_configs import write_training_configs

from .commands import tool

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
OPTIONS = {
    "epoch_scale": 0.02,
    "model.backbone.base_channels": 4,
    "train_dataloader.batch_size": 3,
    "train_dataloader.num_workers": 0,
    "val_dataloader.batch_size": 3,
    "val_dataloader.num_workers": 0,
    "train_cfg.val_interval": 8,
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stores(tmp_path_factory, make_store):
    folder = tmp_path_factory.mktemp("stores")
    for seed, split in enumerate(("train", "val", "test")):
        # All positive: so is every fold.
        make_store(folder / split, tiles=8, positive=8, seed=seed, scenes=2)
    return folder


@pytest.fixture(scope="module")
def write_study(stores):
    def write(path, arms, seeds, trainings):
        paths = {split: str(stores / split) for split in ("train", "val", "test")}
        path.write_text(
            f"configs = {str(CONFIGS)!r}\nstores = {paths!r}\nseeds = {seeds!r}\n"
            f"trainings = {trainings!r}\n"
            f"options = {{'*': {OPTIONS!r}}}\nreference = {arms[0]['name']!r}\n"
            f"arms = {arms!r}\n"
        )
        return path

    return write


def read_table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_arm_trains_and_is_scored(tmp_path, stores, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # What mmext pretrain would leave.
    width = OPTIONS["model.backbone.base_channels"]
    weights = UNet3(in_channels=3, base_channels=width).state_dict()
    for name in ("dead_trees", "zanzibar"):
        encoder = Path("work_dirs", "pretraining", name, "encoder.pth")
        encoder.parent.mkdir(parents=True)
        named = {f"backbone.{key}": value for key, value in weights.items()}
        torch.save({"state_dict": named}, encoder)
    shipped = [read_study(path) for path in sorted(CONFIGS.glob("studies/*.py"))]
    own = {name: made for study in shipped for name, made in study.trainings.items()}
    names = [*own, *(path.stem for path in CONFIGS.glob("stage2_*.py"))]
    study = replace(
        shipped[0],
        path=tmp_path / "study.py",
        arms=tuple(Arm(name, name) for name in names),
        seeds=(3,),
        stores={split: str(stores / split) for split in ("train", "val", "test")},
        trainings=own,
        options={"*": {**OPTIONS, "epoch_scale": 0.0125}},
        reference=("stage1_baseline",),
    )
    out = tmp_path / "out"
    configs = write_training_configs(study, out)
    trainings = needed_trainings(configs, [3], study.training_options, out)
    assert len(trainings) == len(names)
    for training in trainings:
        train(training.config_path, training.work_dir, dict(training.options))
        assert training.finished
    run_study(study, out, train=False)
    table = read_table(out / "results" / "study" / "arms.csv")
    assert [row["arm"] for row in table] == names
    epochs = {row["arm"]: int(row["epochs"]) for row in table}
    # In the paper's epochs: 400, 300 + 400 and 700, folds twice; here 1.25 %.
    assert epochs["stage1_baseline"] == 5
    assert epochs["stage2_B100-300"] == epochs["stage1_budget"] == 9
    assert epochs["rival_ohem"] == epochs["gated"] == epochs["jtt"] == 9
    assert epochs["out_of_fold"] == 4 + 4 + 5


def test_a_study_by_its_tool(tmp_path, write_study):
    levels = [dict(mode="union", threshold=t) for t in (0.3, 0.5)]
    arms = [
        dict(name="stage 1", config="stage1_trunk", decoders=levels),
        dict(name="two seeds", config="stage1_trunk", ensemble="mean"),
        dict(name="case", config="lower"),
        dict(name="shapes", config="lower", filters=[dict(min_area=4)]),
        dict(name="averaged", config="lower", weights=dict(mean=4), decoders=levels),
        dict(name="stopped", config="lower", weights=dict(best="val")),
    ]
    for arm in arms[:1] + arms[2:3]:
        arm["stability"] = True
    keep = {"default_hooks.checkpoint.max_keep_ckpts": -1}
    trainings = dict(
        stage1_trunk=dict(config="stage1_trunk", options=keep),
        lower=dict(
            config="stage2_A100-200", options={"model.decoder.threshold": 0.4, **keep}
        ),
    )
    path = write_study(tmp_path / "study.py", arms, [0, 1, 2], trainings)
    best = ["averaged", "stopped"]
    asked = [
        dict(name="gain?", arm="case", against=best, endpoint="iou", margin=0.1),
        dict(
            name="steady?",
            arm="case",
            against="stage 1",
            endpoint="deviation",
            margin=0.1,
        ),
    ]
    with path.open("a") as file:
        file.write(f"questions = {asked!r}\nstability = dict(last=4)\n")
    out = tmp_path / "out"
    tool("study", path, "--out", out, "--no-train", ok=False)
    result = tool("study", path, "--out", out, "--jobs", 2)
    assert "study.html: written" in result.stdout
    results = out / "results" / "study"
    for name in (
        *("study.html", "figures/arms.png", "figures/curves.svg"),
        "figures/epochs.png",
    ):
        assert (results / name).stat().st_size > 5000
    rows = read_table(results / "seeds.csv")
    assert [(row["arm"], row["seed"]) for row in rows[:6]] == [
        (arm, seed) for arm in ("stage 1", "two seeds") for seed in "012"
    ]
    for row in rows:
        tp, fp, fn = (int(row[key]) for key in ("tp", "fp", "fn"))
        assert float(row["iou"]) == pytest.approx(tp / (tp + fp + fn), abs=1e-4)
    scenes = read_table(results / "scenes.csv")
    assert len(scenes) == 2 * len(rows)
    pairs = zip(scenes[::2], scenes[1::2], strict=True)
    for row, pair in zip(rows, pairs, strict=True):
        assert {(s["arm"], s["seed"]) for s in pair} == {(row["arm"], row["seed"])}
        assert [s["scene"] for s in pair] == sorted({s["scene"] for s in scenes})
        for key in ("tp", "fp", "fn"):
            assert int(row[key]) == sum(int(scene[key]) for scene in pair)
    [*_, averaged, stopped] = [rows[i] for i in range(0, len(rows), 3)]
    assert averaged["checkpoint"] == "mean_4.pth"
    assert stopped["checkpoint"].startswith("epoch_")
    # Of one training the last epoch is scored alike in both ways.
    epochs = read_table(results / "epochs.csv")
    assert len(epochs) == 2 * 3 * 4
    [last] = [
        r for r in epochs if (r["arm"], r["seed"], r["epoch"]) == ("case", "1", "8")
    ]
    [case] = [r for r in rows if (r["arm"], r["seed"]) == ("case", "1")]
    assert [last[k] for k in ("tp", "fp", "fn")] == [
        case[k] for k in ("tp", "fp", "fn")
    ]
    assert "is of 2 scenes, so the intervals" in (results / "study.html").read_text()
    questions = read_table(results / "questions.csv")
    assert [row["question"] for row in questions] == ["gain?", "steady?"]
    assert questions[0]["against"] in best and questions[1]["against"] == "stage 1"
    # Averages cost what their training costs.
    table = {row["arm"]: row for row in read_table(results / "arms.csv")}
    assert table["averaged"]["epochs"] == table["case"]["epochs"]
    assert table["averaged"]["deviation"] == "" != table["case"]["deviation"]
    assert [row["arm"] for row in read_table(results / "error_detection.csv")] == [
        "case"
    ]
    written = (out / "seed0" / "stage1_trunk" / "epoch_4.pth").stat().st_mtime_ns
    average = out / "seed0" / "lower" / "study" / "mean_4.pth"
    made = average.stat().st_mtime_ns
    tool("study", path, "--out", out)
    assert average.stat().st_mtime_ns == made
    assert (out / "seed0/stage1_trunk/epoch_4.pth").stat().st_mtime_ns == written
    # Two processes have predicted what one does.
    tables = [results / f"{name}.csv" for name in ("seeds", "scenes", "epochs")]
    before = [table.read_bytes() for table in tables]
    for made in [*out.glob("seed*/*/*_predictions"), *out.glob("seed*/*/study")]:
        shutil.rmtree(made)
    tool("study", path, "--out", out, "--no-train")
    assert [table.read_bytes() for table in tables] == before


def test_the_papers_experiment_by_one_command(tmp_path, stores):
    out = tmp_path / "out"
    options = [f"{key}={value}" for key, value in OPTIONS.items()]
    command = (
        *("reproduce", CONFIGS / "demo", "--out", out, "--epoch-scale", 0.02),
        *("--train", stores / "train", "--test", stores / "test", "--jobs", 2),
    )
    tool(*command, "--cfg-options", *options)
    states = {
        path.parent.name: json.loads(path.read_text())["state"]
        for path in (out / "seed0").glob("*/run.json")
    }
    assert len(states) == 8
    assert set(states.values()) == {"finished"}
    assert (out / "report" / "report.html").is_file()
