"""Time, memory and operations of a few real training steps."""

import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from torch import nn
from torch.utils.data import Dataset
from torch.utils.flop_counter import FlopCounterMode

from mmext.errors import UserError

_FEW = 2
# Whole batches are run where two steps of one take no longer than this.
_MAX_SECONDS = 4.0


@dataclass(frozen=True)
class Measured:
    """What a step takes.

    Attributes:
        step_seconds: A training step with a whole batch, reading included.
        predict_seconds: Predicting one sample.
        memory: Bytes at the peak of a step: the GPU's, or the process's own.
        checkpoint: Bytes of weights and optimizer.
        batch: Samples in the batch that was run; the rest is in proportion.
        parameters: Numbers that are learnt.
        operations: Of predicting one sample: additions and multiplications of
            convolutions, matrix products and attention.
    """

    step_seconds: float
    predict_seconds: float
    memory: float
    checkpoint: int
    batch: int
    parameters: int
    operations: int


def measure(
    model: nn.Module, config: Config, dataset: Dataset, device: torch.device
) -> Measured:
    """Run a few steps of a training and one prediction.

    Args:
        model: The model; its weights change.
        config: The training's config.
        dataset: The training set.
        device: Where to run.

    Raises:
        UserError: The loss isn't finite.
    """
    loader = config.train_dataloader
    whole = int(loader.batch_size)
    model = model.to(device).train()
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    small = min(_FEW, whole)
    _train_step(model, optimizer, _read(dataset, small))
    peak = _Peak(device)
    seconds = _seconds(
        lambda: _train_step(model, optimizer, _read(dataset, small)), device
    )
    batch = small
    if whole > small and 2 * seconds * whole / small < _MAX_SECONDS:
        batch = whole
        _train_step(model, optimizer, _read(dataset, whole))
        seconds = _seconds(
            lambda: _train_step(model, optimizer, _read(dataset, whole)), device
        )
    reading = _seconds(lambda: _read(dataset, batch), device)
    workers = int(loader.get("num_workers", 0))
    # Workers read while the network computes.
    step = max(seconds - reading, reading / workers) if workers else seconds
    memory = peak.base + (peak.now() - peak.base) * whole / batch
    model.eval()
    data = _read(dataset, small)
    with torch.inference_mode():
        model.test_step(_read(dataset, small))
        predicting = _seconds(lambda: model.test_step(data), device)
        operations = count_operations(model, _read(dataset, 1))
    states = [*model.state_dict().values(), *_tensors(optimizer.state_dict())]
    return Measured(
        step * whole / batch,
        predicting / small,
        memory,
        sum(tensor.numel() * tensor.element_size() for tensor in states),
        batch,
        sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
        operations,
    )


def count_operations(model: Any, data: Any) -> int:
    """Additions and multiplications of one prediction.

    Args:
        model: Any of mmengine's, on any device, in eval mode.
        data: A batch as a loader gives it.
    """
    with FlopCounterMode(display=False) as counter:
        model.test_step(data)
    return counter.get_total_flops()


def _read(dataset: Any, number: int) -> Any:
    return pseudo_collate([dataset[i % len(dataset)] for i in range(number)])


def _train_step(model: Any, optimizer: Any, data: Any) -> None:
    losses = model.train_step(data, optimizer)
    bad = {name: float(value.detach()) for name, value in losses.items()}
    for name, value in bad.items():
        if not torch.isfinite(torch.tensor(value)):
            raise UserError(f"{name}: is {value} after a step, expected a number")


def _seconds(action: Callable[[], Any], device: torch.device) -> float:
    started = time.perf_counter()
    action()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list | tuple):
        return []
    return [tensor for item in items for tensor in _tensors(item)]


class _Peak:
    """The most memory since it was made, less what merely maps files."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self.base = float(torch.cuda.memory_allocated(device))
            return
        # Resets the peak; where that can't be, it is that of the whole process.
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self.base = _status("RssAnon") or self.now()

    def now(self) -> float:
        if self.device.type == "cuda":
            return float(torch.cuda.max_memory_allocated(self.device))
        peak = _status("VmHWM")
        if peak is None:
            return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak - (_status("RssFile") or 0.0)


def _status(key: str) -> float | None:
    path = Path("/proc/self/status")
    if not path.is_file():
        return None
    for line in path.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return 1024.0 * int(line.split()[1])
    return None
