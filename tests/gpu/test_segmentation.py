"""A GPU trains, accumulates, scores, resumes and maps as the CPU does."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmext.datasets.tile_store import TileStore
from mmext.inference.backends import open_predictor
from mmext.inference.checkpoint import load_model
from mmext.inference.store_pass import predict_tiles
from mmext.registry import HOOKS
from mmext.structures import load_bank

from ..checkpoint_weights import weights
from .conftest import TRUNK

#: A GPU's float32 convolutions keep ten bits behind the point, as half precision does.
TF32 = 1e-2


class Killed(Exception):
    pass


@HOOKS.register_module(force=True)
class KillInTheFifthEpochHook(Hook):
    """Dies in the middle of an epoch, as a power cut would."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.epoch == 4 and batch_idx == 1:
            raise Killed


def history(folder):
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def losses(folder):
    return np.array([line["loss"]["sum"] for line in history(folder)])


def test_the_first_epochs_losses_are_the_cpus(device, train_on, on_cpu):
    """Later ones drift apart: each rounding is amplified by every step after it."""
    found, expected = losses(train_on(device)), losses(on_cpu)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(expected[0], rel=0.01)
    assert found[-1] == pytest.approx(expected[-1], rel=0.2)
    assert found[-1] < 0.8 * found[0]


def test_a_pass_decides_as_the_cpus(device, on_cpu, store):
    tiles = TileStore(store)
    ids = np.arange(len(tiles))
    answers = []
    for where in ("cpu", device):
        model = load_model(on_cpu / "epoch_6.pth", where).model
        parts = list(predict_tiles(model, tiles, ids, 8))
        answers.append(
            (
                np.concatenate([part.probabilities.cpu().numpy() for part in parts]),
                np.concatenate([part.mask for part in parts]),
            )
        )
    (expected, one), (found, other) = answers
    np.testing.assert_allclose(found, expected, atol=TF32)
    sure = np.abs(expected[:, 0] - 0.5) > TF32
    np.testing.assert_array_equal(other[sure], one[sure])


def test_bank_and_scores_are_the_cpus(device, train_on, on_cpu, store):
    """From one checkpoint: one more epoch at a learning rate of nothing."""
    frozen = {
        "optim_wrapper.optimizer.lr": 1e-12,
        "train_cfg.max_epochs": 1,
        "load_from": str(on_cpu / "epoch_6.pth"),
        "default_hooks.error_accumulation.begin": 0,
        # Batch norm's statistics stay as they are.
        "model.backbone.norm_cfg": dict(type="BN", momentum=0.0),
    }
    one = train_on("cpu", "frozen", **frozen)
    other = train_on(device, "frozen_there", **frozen)
    banks = [load_bank(folder / "error_bank_epoch_1.npz") for folder in (one, other)]
    differing = sum(
        int((banks[0].codes(tile) != banks[1].codes(tile)).sum())
        for tile in range(len(banks[0]))
    )
    pixels = TileStore(store).masks.size
    assert differing <= 1e-3 * pixels
    expected, found = (history(folder)[0] for folder in (one, other))
    assert found["train"]["target"]["iou"] == pytest.approx(
        expected["train"]["target"]["iou"], abs=2e-3
    )
    assert found["test"]["target"]["iou"] == pytest.approx(
        expected["test"]["target"]["iou"], abs=2e-3
    )


def test_a_killed_run_resumes_to_the_same_bits(device, train_on):
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    fixed = {"randomness.deterministic": True}
    straight = train_on(device, "straight", **fixed)
    kill = {"default_hooks.kill": dict(type="KillInTheFifthEpochHook")}
    with pytest.raises(Killed):
        train_on(device, "killed", **fixed, **kill)
    killed = train_on(device, "killed", resume=True, **fixed)
    name = "epoch_6.pth"
    assert torch.equal(weights(straight / name), weights(killed / name))
    name = "error_bank_epoch_6.npz"
    banks = [load_bank(folder / name) for folder in (straight, killed)]
    for tile in range(len(banks[0])):
        np.testing.assert_array_equal(banks[0].codes(tile), banks[1].codes(tile))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_learns_the_same(precision, gpu, train_on, on_cpu):
    amp = {"optim_wrapper.type": "AmpOptimWrapper", "optim_wrapper.dtype": precision}
    found = losses(train_on(gpu, precision, **amp))
    assert found[0] == pytest.approx(losses(on_cpu)[0], rel=0.05)
    assert found[-1] < 0.8 * found[0]


def test_compiled_training_learns_the_same(gpu, train_on, on_cpu):
    found = losses(train_on(gpu, "compiled", **{"compile": True}))
    assert found[0] == pytest.approx(losses(on_cpu)[0], rel=0.02)


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("fp32", TF32), ("bf16", 5e-2), ("fp16", TF32)]
)
def test_maps_are_the_cpus(precision, tolerance, device, on_cpu):
    if device == "cpu" and precision != "fp32":
        pytest.skip("no GPU")
    path = on_cpu / "epoch_6.pth"
    pixels = torch.randint(0, 255, (2, 3, 128, 128), dtype=torch.uint8)
    expected = open_predictor(path, "eager", "cpu", 128, "fp32")
    found = open_predictor(path, "eager", device, 128, precision)
    difference = found.probabilities(pixels).cpu() - expected.probabilities(pixels)
    assert difference.abs().max() < tolerance


def test_the_compiled_predictor_agrees(gpu, on_cpu):
    path = on_cpu / "epoch_6.pth"
    pixels = torch.randint(0, 255, (2, 3, 128, 128), dtype=torch.uint8)
    expected = open_predictor(path, "eager", "cpu", 128, "fp32")
    found = open_predictor(path, "compile", gpu, 128, "fp32")
    difference = found.probabilities(pixels).cpu() - expected.probabilities(pixels)
    assert difference.abs().max() < TF32


@pytest.mark.parametrize("processes", [1, 2])
def test_nccl(processes, gpu, options, tmp_path):
    if torch.cuda.device_count() < processes:
        pytest.skip(f"{torch.cuda.device_count()} GPU")
    settings = itertools.chain.from_iterable(
        (f"{key}={value}",) for key, value in options.items()
    )
    root = TRUNK.parents[1]
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *(f"--nproc_per_node={processes}", root / "tools" / "train.py", TRUNK),
        *("--work-dir", tmp_path / "run", "--launcher", "pytorch"),
        *("--cfg-options", *settings),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert np.isfinite(losses(tmp_path / "run")).all()
    assert load_bank(tmp_path / "run" / "error_bank_epoch_6.npz").passes == 9
