from pathlib import Path

import pytest
import torch

from mmext.engine.train import train
from mmext.inference.device import running_on

TRUNK = Path(__file__).resolve().parents[2] / "configs" / "stage1_trunk.py"


@pytest.fixture(scope="session")
def device() -> str:
    """A GPU, or the CPU where there is none."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture(scope="session")
def gpu() -> str:
    """A GPU; the test is skipped where there is none."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    return "cuda"


@pytest.fixture(scope="module", autouse=True)
def _quiet(quiet):
    """Trainings log much."""


@pytest.fixture(scope="session")
def store(tmp_path_factory, make_store) -> Path:
    """Tiles that a narrow network learns in a few epochs."""
    folder = tmp_path_factory.mktemp("data")
    return make_store(folder / "store", tiles=24, size=64, positive=16)


@pytest.fixture(scope="session")
def options(store):
    """``--cfg-options``: six epochs, of which the last three accumulate."""
    return {
        "epoch_scale": 1.0,
        "train_cfg.max_epochs": 6,
        "model.backbone.base_channels": 8,
        "default_hooks.error_accumulation.begin": 3,
        "default_hooks.error_accumulation.snapshots": (),
        "default_hooks.checkpoint.interval": 1,
        "default_hooks.checkpoint.max_keep_ckpts": -1,
        "optim_wrapper.optimizer.lr": 0.003,
        **{
            f"{part}_dataloader.{key}": value
            for part in ("train", "val", "test")
            for key, value in (
                ("dataset.store", str(store)),
                ("batch_size", 8),
                ("num_workers", 0),
            )
        },
    }


@pytest.fixture(scope="session")
def train_on(tmp_path_factory, options):
    """Trains stage 1 on a device, with further options; the work directory."""

    def run(where: str, name: str = "run", resume: bool = False, **changes) -> Path:
        folder = tmp_path_factory.getbasetemp() / f"{name}_{where}"
        with running_on(where):
            train(TRUNK, folder, {**options, **changes}, resume=resume)
        return folder

    return run


@pytest.fixture(scope="session")
def on_cpu(train_on) -> Path:
    """The work directory of a training on the CPU."""
    return train_on("cpu", "reference")
