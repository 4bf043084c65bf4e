"""What every test shares: one thread, a scope, a fixed seed."""

import os
from collections.abc import Iterator
from pathlib import Path

# Two-process tests and a loaded machine: torch's default of one thread per core
# makes small convolutions slower, not faster.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope


@pytest.fixture(autouse=True)
def _scope_and_seed() -> Iterator[None]:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - mmcv draws from the global generator
    with DefaultScope.overwrite_default_scope("mmext"):
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; skips when it is absent."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no real data at {path}")
    return path
