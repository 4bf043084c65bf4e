"""The depth tools, run one after another as a user runs them, at the smallest size."""

import json

import cv2
import numpy as np
import pytest

from mmext.datasets.depth.structural_maps import read_map, read_note
from tests.datasets.depth.layouts import make_folder, make_ms2
from tests.integration.commands import ROOT, tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("data"), frames=9, shape=(32, 40))


@pytest.fixture(scope="module")
def maps(data):
    out = data.parent / f"{data.name}_maps"
    options = ("--dataset", "FolderDepthDataset", "--dataset-options", f"root={data}")
    result = tool(
        "make_structural_depth", *options, "--model", "true-depth", "--out", out
    )
    assert "9 maps written, 0 were there" in result.stdout
    result = tool(
        "make_structural_depth", *options, "--model", "true-depth", "--out", out
    )
    assert "0 maps written, 9 were there" in result.stdout
    return out


@pytest.fixture(scope="module")
def work_dirs(data, maps, tmp_path_factory):
    """Two configurations, one epoch each."""
    folder = tmp_path_factory.mktemp("work_dirs")
    options = [f"{part}_dataloader.dataset.root={data}" for part in PARTS]
    for name in ("all", "no_silog"):
        config = folder / f"{name}.py"
        config.write_text(
            CONFIG.format(base=ROOT / f"configs/depth/demo/{name}.py", maps=maps)
        )
        tool(
            *("train", config, "--work-dir", folder / "seed0" / name),
            *("--cfg-options", *options),
        )
    return folder / "seed0"


PARTS = ("train", "val", "test")
CONFIG = """
_base_ = '{base}'
model = dict(
    backbone=dict(base_channels=4),
    decode_head=dict(structural_space='depth'))
train_cfg = dict(max_epochs=1)
param_scheduler = None
train_dataloader = dict(
    batch_size=4,
    dataset=dict(structural='{maps}', depth_scale=1000.0))
_test = [
    dict(type='LoadThermal'),
    dict(type='LoadDepth'),
    dict(type='PackDepthInputs')]
val_dataloader = dict(dataset=dict(depth_scale=1000.0, pipeline=_test))
test_dataloader = dict(dataset=dict(depth_scale=1000.0, pipeline=_test))
"""


def test_maps_are_the_truth(data, maps):
    assert read_note(maps).teacher == "true depth"
    truth = cv2.imread(str(data / "depth/f3.png"), cv2.IMREAD_UNCHANGED) / 1000
    np.testing.assert_allclose(read_map(maps / "f3.tif"), truth, atol=1e-6)


def test_an_unknown_model_is_refused_in_one_line(data, tmp_path):
    result = tool(
        *("make_structural_depth", "--dataset", "FolderDepthDataset"),
        *("--dataset-options", f"root={data}", "--model", tmp_path / "none.onnx"),
        *("--out", tmp_path / "maps"),
        ok=False,
    )
    assert result.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "none.onnx: no such model" in result.stderr


def test_predict_depth(data, work_dirs, tmp_path):
    checkpoint = work_dirs / "all" / "epoch_1.pth"
    out = tmp_path / "depth"
    result = tool(
        *("predict_depth", checkpoint, data / "thermal", "--out", out),
        *("--intrinsics", 40, 40, 20, 16),
    )
    assert "depth of 9 images" in result.stdout
    stored = cv2.imread(str(out / "f0_depth.png"), cv2.IMREAD_UNCHANGED)
    assert stored.shape == (32, 40)
    assert stored.dtype == np.uint16
    facts = json.loads((out / "prediction.json").read_text())
    assert facts["trained_on"]["structural"]["teacher"] == "true depth"
    assert (out / "f8.ply").stat().st_size > 32 * 40 * 15
    result = tool("predict_depth", checkpoint, tmp_path, "--out", out, ok=False)
    assert "error: " in result.stderr


def test_depth_report(work_dirs, tmp_path):
    result = tool("depth_report", work_dirs, "--out", tmp_path, "--samples", "f8")
    assert "report.html: written" in result.stdout
    page = (tmp_path / "report.html").read_text()
    assert "no SILog" in page
    assert (tmp_path / "figures/structural.png").is_file()


def test_convert_ms2_calibration(tmp_path):
    root = make_ms2(tmp_path, frames=1)
    files = sorted(root.glob("sync_data/*/calib.npy"))
    result = tool("convert_ms2_calibration", *files)
    assert result.stdout.count("calibration.json: written") == 2
    pair = json.loads(files[0].with_name("calibration.json").read_text())
    np.testing.assert_allclose(pair["translation"], (-0.15, 0.02, 0))
