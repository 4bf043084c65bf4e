"""The configs of configs/variants: each trains in both stages."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from mmext.engine.build_config import load_config
from mmext.engine.stores import fill_store_statistics
from mmext.engine.train import train
from mmext.engine.work_dir import read_history
from mmext.registry import MODELS
from mmext.structures import TileSamples

VARIANTS = Path(__file__).resolve().parents[1] / "configs" / "variants"
NAMES = sorted(path.parent.name for path in VARIANTS.glob("*/stage1_trunk.py"))
NEEDS = {
    "upernet_convnext_t": "transformers",
    "unetplusplus": "segmentation_models_pytorch",
    "manet": "segmentation_models_pytorch",
}


def test_those_that_are_promised_are_there():
    assert set(NAMES) == {
        *("unet", "deeplabv3plus_r50", "upernet_swin_t", "upernet_convnext_t"),
        *("segformer_b0", "segformer_b2", "hrnet_ocr", "unetplusplus", "manet"),
    }
    for name in NAMES:
        stages = {path.stem for path in (VARIANTS / name).glob("*.py")}
        assert stages == {"stage1_trunk", "stage2_A100-200"}


@pytest.mark.parametrize("stage", ["stage1_trunk", "stage2_A100-200"])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_reaches_the_network(name, stage, make_store, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], exc_type=ImportError)
    store = make_store(tmp_path / "store", tiles=2, size=64, positive=2)
    options = {
        f"{part}_dataloader.dataset.store": str(store)
        for part in ("train", "val", "test")
    }
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmext"):
        config = load_config(VARIANTS / name / f"{stage}.py", options)
        fill_store_statistics(config)
        model = MODELS.build(config.model).train()
        wrapper = build_optim_wrapper(model, config.optim_wrapper)
        before = {key: value.clone() for key, value in model.named_parameters()}
        rng = np.random.default_rng(0)
        maps = torch.from_numpy(rng.integers(0, 2, (2, 2, 64, 64)).astype(np.uint8))
        samples = TileSamples(
            gt_sem_seg=maps[0],
            gt_error=maps[1],
            metainfo=dict(columns={}, steps=()),
        )
        losses = model.loss(torch.randn(2, 3, 64, 64), samples)
        total, _ = model.parse_losses(losses)
        wrapper.update_params(total)
    channels = ("target",) if stage == "stage1_trunk" else ("target", "error")
    assert {f"decode.loss_{channel}" for channel in channels} <= set(losses)
    assert torch.isfinite(total)
    changed = [
        key for key, value in model.named_parameters() if not value.equal(before[key])
    ]
    assert len(changed) > 0.8 * len(before)
    with torch.inference_mode():
        answer = model.eval().probabilities(torch.rand(1, 3, 64, 64) * 255)
    assert answer.shape == (1, len(channels), 64, 64)


@pytest.mark.slow
def test_both_stages_train_with_one_command(make_store, tmp_path):
    store = make_store(tmp_path / "store", tiles=4, size=64, positive=2)
    options = {
        f"{part}_dataloader.{key}": value
        for part in ("train", "val", "test")
        for key, value in (
            ("dataset.store", str(store)),
            ("batch_size", 2),
            ("num_workers", 0),
        )
    }
    train(
        VARIANTS / "segformer_b0" / "stage2_A100-200.py",
        work_dir=tmp_path / "runs" / "stage2_A100-200",
        options={"epoch_scale": 0.02, **options},
        with_parents=True,
    )
    trunk = read_history(tmp_path / "runs" / "stage1_trunk")
    stage2 = read_history(tmp_path / "runs" / "stage2_A100-200")
    assert [len(trunk), len(stage2)] == [4, 8]
    # The rate has risen, and stays.
    assert trunk[-1]["lr"] == pytest.approx(stage2[-1]["lr"])
    assert "union" in stage2[-1]["test"]
