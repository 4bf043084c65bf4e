"""What the ecosystem brings, all of it at once: both stages, killed and resumed."""

import pytest
import torch

from mmext.engine.train import train

from .conftest import CONFIGS
from .test_train import Killed, history

pytestmark = pytest.mark.usefixtures("quiet")

TOGETHER = {
    # Sixteen bits, the gradients of two batches together, and cut.
    "optim_wrapper.type": "AmpOptimWrapper",
    "optim_wrapper.dtype": "bfloat16",
    "optim_wrapper.accumulative_counts": 2,
    "optim_wrapper.clip_grad": dict(max_norm=1.0),
    "param_scheduler": [
        dict(type="LinearLR", start_factor=0.1, end=2, by_epoch=True),
        dict(type="CosineAnnealingLR", T_max=6, begin=2, by_epoch=True),
    ],
    "default_hooks.visualization": dict(
        type="TileVisualizationHook", tiles=2, interval=1
    ),
    "custom_hooks": [
        dict(type="EMAHook", momentum=0.1),
        dict(
            type="EarlyStoppingHook",
            monitor="test/target.iou",
            rule="greater",
            patience=50,
        ),
        dict(type="EmptyCacheHook"),
        dict(
            type="ProfilerHook",
            by_epoch=False,
            profile_times=2,
            on_trace_ready=dict(type="log_trace"),
            activity_with_cuda=False,
        ),
    ],
}


@pytest.mark.parametrize("name", ["stage1_trunk", "stage2_A100-200"])
def test_a_killed_run_ends_as_one_that_was_not(name, tmp_path, tiny_options):
    options = tiny_options(**TOGETHER)
    last = 4 if name == "stage1_trunk" else 8
    config = CONFIGS / f"{name}.py"
    straight, killed = (tmp_path / kind / name for kind in ("straight", "killed"))
    train(config, straight, options, with_parents=True)
    kill = {"default_hooks.kill": dict(type="KillHook", epoch=last - 1)}
    with pytest.raises(Killed):
        train(config, killed, {**options, **kill}, with_parents=True)
    train(config, killed, options, resume=True, with_parents=True)

    ends = [
        torch.load(path / f"epoch_{last}.pth", weights_only=True)
        for path in (straight, killed)
    ]
    for part in ("state_dict", "ema_state_dict"):
        weights, others = (end[part] for end in ends)
        assert weights.keys() == others.keys()
        for key, value in weights.items():
            assert torch.equal(value, others[key]), key
    assert history(straight) == history(killed)
    # The mean of the weights is scored and kept, beside the weights.
    trained, mean = ends[0]["state_dict"], ends[0]["ema_state_dict"]
    assert any(
        not torch.equal(value, mean[f"module.{key}"])
        for key, value in trained.items()
        if f"module.{key}" in mean
    )
    assert list(straight.rglob(f"train_tiles_{last}.png"))
