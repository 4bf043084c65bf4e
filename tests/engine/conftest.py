import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def tiny(store: Path, **changes: Any) -> dict[str, Any]:
    """``--cfg-options`` that bring a shipped config down to seconds.

    At a scale of 0.02 the trunk has 4 epochs and accumulates from 2 on, A has 5, B
    has 6, stage 2 and the baseline have 8.
    """
    return {
        "epoch_scale": 0.02,
        "model.backbone.base_channels": 4,
        **{
            f"{part}_dataloader.{key}": value
            for part in ("train", "val", "test")
            for key, value in (
                ("dataset.store", str(store)),
                ("batch_size", 3),
                ("num_workers", 0),
            )
        },
        **changes,
    }


def keep_all(store: Path, **changes: Any) -> dict[str, Any]:
    """:func:`tiny` with a checkpoint of every epoch, all kept."""
    every = {
        "default_hooks.checkpoint.max_keep_ckpts": -1,
        "default_hooks.checkpoint.interval": 1,
    }
    return tiny(store, **{**every, **changes})


@pytest.fixture(scope="module")
def store(tmp_path_factory, make_store) -> Path:
    """Eight tiles that the module's trainings share."""
    return make_store(tmp_path_factory.mktemp("data") / "store", tiles=8, positive=4)


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    """The work directory that a module trained, to be spoilt."""
    shutil.copytree(trained, tmp_path / trained.name)
    return tmp_path / trained.name


@pytest.fixture
def tiny_options(tmp_path, make_store) -> Callable[..., dict[str, Any]]:
    """:func:`tiny` with a store of eight tiles."""
    return partial(tiny, make_store(tmp_path / "store", tiles=8, positive=4))
