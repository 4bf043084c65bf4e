"""Thermal depth as a user does it: every tool on a tiny rendered set."""

import json

import cv2
import numpy as np
import pytest

from .commands import at_once, run, tool

CONFIG = "configs/depth/demo/all.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depth")
    tool(
        *("make_depth_scenes", "--out", folder / "rooms", "--train-scenes", 3),
        *("--test-scenes", 2, "--frames", 2, "--size", 64, 48),
    )
    return folder


@pytest.fixture(scope="module")
def options(folder):
    return [
        "--cfg-options",
        "epoch_scale=0.05",
        "model.backbone.base_channels=4",
        "train_dataloader.batch_size=2",
        *(f"{part}_dataloader.dataset.root={folder / 'rooms'}" for part in PARTS),
    ]


PARTS = ("train", "val", "test")


@pytest.fixture(scope="module")
def trained(folder, options):
    work_dir = folder / "runs" / "all"
    tool("train", CONFIG, "--work-dir", work_dir, *options)
    return work_dir


def test_train_and_test(trained, options):
    line = json.loads((trained / "history.jsonl").read_text().splitlines()[-1])
    assert line["epoch"] == 2
    tool("test", CONFIG, trained / "epoch_2.pth", *options)
    metrics = json.loads((trained / "test_metrics.json").read_text())
    for name, value in line["test"]["all"].items():
        assert metrics[f"test/all.{name}"] == pytest.approx(value)


def test_prediction_needs_the_checkpoint_and_thermal_images_only(folder, trained):
    alone, out = folder / "alone", folder / "predicted"
    alone.mkdir()
    thermal = sorted((folder / "rooms" / "thermal").glob("*.png"))[-1]
    (alone / "frame.png").write_bytes(thermal.read_bytes())
    tool("predict_depth", trained / "epoch_2.pth", alone, "--out", out)
    depth = cv2.imread(str(out / "frame_depth.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16 and depth.shape == (48, 64)
    # Millimetres within the config's range.
    assert 500 <= depth.min() <= depth.max() <= 12000


def test_the_report(folder, trained, options):
    other = folder / "runs" / "no_silog"
    tool("train", "configs/depth/demo/no_silog.py", "--work-dir", other, *options)
    result = tool("depth_report", folder / "runs", "--out", folder / "report")
    assert "report.html: written" in result.stdout
    assert (folder / "report" / "report.html").stat().st_size > 1000


def test_two_processes_score_as_one(folder, options):
    work_dir = folder / "two" / "all"
    run(
        *("tools/dist_train.sh", CONFIG, 2, "--work-dir", work_dir, *options),
        PORT="29631",
        **at_once(),
    )
    record = json.loads((work_dir / "run.json").read_text())
    assert (record["processes"], record["state"]) == (2, "finished")
    line = json.loads((work_dir / "history.jsonl").read_text().splitlines()[-1])
    # Four frames, none counted twice.
    assert line["test"]["all"]["images"] == 4
    tool("test", CONFIG, work_dir / "epoch_2.pth", *options)
    metrics = json.loads((work_dir / "test_metrics.json").read_text())
    for name, value in line["test"]["all"].items():
        assert metrics[f"test/all.{name}"] == pytest.approx(value, rel=1e-5)


def test_mistakes_are_one_line(folder, trained, options):
    for changes, message in (
        (["model.decode_head.losses.silog.silog_lamda=0.5"], "did you mean silog_la"),
        (["model.decode_head.min_depth=0"], "min_depth: is 0, expected more than 0"),
        (["model.decode_head.structural_space=depth"], "structural maps are inverse"),
    ):
        arguments = ("--work-dir", folder / "x", *options, *changes)
        result = tool("train", CONFIG, *arguments, ok=False)
        [line] = [x for x in result.stderr.splitlines() if x.startswith("error: ")]
        assert message in line
        assert "Traceback" not in result.stderr
