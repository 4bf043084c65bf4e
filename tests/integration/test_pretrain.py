"""An encoder of images without labels, killed on the way, and what begins with it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import rasterio
import torch

from mmext.inference.checkpoint import read_checkpoint
from tests.checkpoint_weights import weights

from .commands import ROOT, environment, tool

pytestmark = pytest.mark.slow
OPTIONS = [
    *("--tiles", 24, "--tile-size", 64),
    "--cfg-options",
    "epoch_scale=0.03",
    "model.backbone.base_channels=4",
    "train_dataloader.batch_size=8",
    "train_dataloader.num_workers=1",
    "default_hooks.checkpoint.interval=1",
]


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """Two sheets of two coordinate systems, half empty, and one that is too small."""
    folder = tmp_path_factory.mktemp("sheets")
    rng = np.random.default_rng(0)
    for name, shape, crs in (
        ("north", (150, 220), 5186),
        ("south", (300, 90), 32637),
        ("strip", (20, 400), 5186),
    ):
        image = rng.integers(1, 255, (3, *shape), np.uint8)
        image[:, :, : shape[1] // 2] = 0
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            driver="GTiff",
            count=3,
            height=shape[0],
            width=shape[1],
            dtype="uint8",
            crs=f"EPSG:{crs}",
            nodata=0,
            transform=rasterio.Affine(0.5, 0, 200_000, 0, -0.5, 500_000),
        ) as raster:
            raster.write(image)
    return folder


def arguments(sheets, work_dir, *more):
    config = "mmext::pretraining/unet3.py"
    return [config, sheets, "--work-dir", work_dir, *more, *OPTIONS]


@pytest.fixture(scope="module")
def straight(sheets, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("runs") / "straight"
    output = tool("pretrain", *arguments(sheets, work_dir)).stdout
    assert "24 tiles of 2 images" in output
    assert "strip.tif: left out, smaller than a tile" in output
    assert "places left out: no valid pixel" in output
    return work_dir


def test_one_that_is_killed_ends_the_same(sheets, straight, tmp_path):
    work_dir = tmp_path / "killed"
    command = [sys.executable, "tools/pretrain.py", *arguments(sheets, work_dir)]
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while not (work_dir / "epoch_1.pth").is_file() and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()[0]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (work_dir / "encoder.pth").exists()
    output = tool("pretrain", *arguments(sheets, work_dir, "--resume")).stdout
    assert "tiles: has been drawn already" in output
    for name in ("epoch_3.pth", "encoder.pth"):
        assert torch.equal(weights(work_dir / name), weights(straight / name))


def test_stage_1_begins_with_it(straight, tmp_path, make_store):
    store = make_store(tmp_path / "store", tiles=6, size=64)
    encoder = straight / "encoder.pth"
    tool(
        *("train", "mmext::stage1_trunk.py", "--work-dir", tmp_path / "run"),
        "--cfg-options",
        "epoch_scale=0.02",
        "optim_wrapper.optimizer.lr=1e-12",
        "model.backbone.base_channels=4",
        "model.backbone.init_cfg.type=Pretrained",
        f"model.backbone.init_cfg.checkpoint={encoder}",
        "model.backbone.init_cfg.prefix=backbone.",
        *(
            f"{part}_dataloader.{key}={value}"
            for part in ("train", "val", "test")
            for key, value in (("dataset.store", store), ("num_workers", 0))
        ),
    )
    begun = read_checkpoint(tmp_path / "run" / "epoch_4.pth")["state_dict"]
    for name, weight in read_checkpoint(encoder)["state_dict"].items():
        if name.endswith(".weight"):
            torch.testing.assert_close(begun[name], weight)


def test_other_tiles_are_not_trained_on_by_mistake(sheets, straight):
    more = ("--resume", "--seed", 1)
    result = tool("pretrain", *arguments(sheets, straight, *more), ok=False)
    assert result.returncode == 2
    assert "was drawn of other images or with other settings (seed)" in result.stderr
