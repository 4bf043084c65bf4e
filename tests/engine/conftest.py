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


@pytest.fixture
def tiny_options(tmp_path, make_store) -> Callable[..., dict[str, Any]]:
    """:func:`tiny` with a store of eight tiles."""
    return partial(tiny, make_store(tmp_path / "store", tiles=8, positive=4))
