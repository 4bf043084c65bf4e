"""One line of JSON per epoch: all that the report reads of a training."""

import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.fileio import atomic_path
from mmext.registry import HOOKS

from .error_accumulation_hook import CFDR
from .training_set_metric_hook import TRAIN_SCORES

FILE_NAME = "history.jsonl"
_TRAINING_KEYS = {"epoch", "stage", "seconds", "lr", "loss", "train", "cfdr"}


@HOOKS.register_module()
class HistoryHook(Hook):
    """Write ``history.jsonl`` (``docs/architecture.md``, "A work directory").

    A line is written before its epoch's checkpoint and completed after its
    validation. A resumed run keeps the lines up to its checkpoint, and makes up
    for a validation that a kill prevented.

    Args:
        stage: 1 or 2, copied into every line; None where stages mean nothing.
    """

    # After the hooks that score (NORMAL), before the checkpoint (VERY_LOW).
    priority = "BELOW_NORMAL"

    def __init__(self, stage: int | None = None) -> None:
        self.stage = stage
        self.lines: list[dict[str, Any]] = []
        self._training = False

    def before_train(self, runner: Runner) -> None:
        """Take over the lines of the epochs that the checkpoint has seen."""
        self.path = Path(runner.work_dir) / FILE_NAME
        self.lines = [
            line for line in read_history(self.path) if line["epoch"] <= runner.epoch
        ]
        self._training = True
        if self.lines and self._misses_validation(runner):
            runner.val_loop.run()

    def before_train_epoch(self, runner: Runner) -> None:
        """Start the epoch's clock and sums."""
        self._started = time.perf_counter()
        self._sums: dict[str, torch.Tensor] = {}
        self._iterations = 0

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Add up the losses, without waiting for the device."""
        self._iterations += 1
        for name, value in (outputs or {}).items():
            value = torch.as_tensor(value).detach().double()
            self._sums[name] = self._sums.get(name, 0) + value

    def after_train_epoch(self, runner: Runner) -> None:
        """Write the epoch's line, as far as training goes."""
        means = {
            name: _mean_over_ranks(total / self._iterations)
            for name, total in self._sums.items()
        }
        total = means.pop("loss", math.nan)
        line: dict[str, Any] = {
            "epoch": runner.epoch + 1,
            "stage": self.stage,
            "seconds": time.perf_counter() - self._started,
            "lr": runner.optim_wrapper.get_lr()["lr"][0],
            "loss": {"sum": total * self._iterations, "mean": total, **means},
        }
        if self.stage is None:
            del line["stage"]
        for key, info in (("train", TRAIN_SCORES), ("cfdr", CFDR)):
            if info in runner.message_hub.runtime_info:
                line[key] = runner.message_hub.runtime_info.pop(info)
        self.lines.append(line)
        self._write()

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Complete the line of the epoch that was validated."""
        if not (self._training and self.lines):
            return
        line = self.lines[-1]
        for name, value in (metrics or {}).items():
            prefix, _, rest = name.partition("/")
            _set_nested(line, [prefix, *rest.split(".")] if rest else [prefix], value)
        if hasattr(self, "_started"):
            line["seconds"] = time.perf_counter() - self._started
        self._write()

    def after_train(self, runner: Runner) -> None:
        """End of training: a later validation is nobody's line."""
        self._training = False

    def _misses_validation(self, runner: Runner) -> bool:
        line = self.lines[-1]
        if runner.val_loop is None or line["epoch"] != runner.epoch:
            return False
        loop = runner.train_loop
        due = runner.epoch >= loop.val_begin and (
            runner.epoch % loop.val_interval == 0 or runner.epoch == runner.max_epochs
        )
        return due and not set(line) - _TRAINING_KEYS

    def _write(self) -> None:
        if dist.is_main_process():
            write_history(self.path, self.lines)


def read_history(path: Path) -> list[dict[str, Any]]:
    """All lines of a ``history.jsonl``; empty if there is none."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_history(path: Path, lines: list[dict[str, Any]]) -> None:
    """Replace a ``history.jsonl``; NaN and infinity become null."""
    with atomic_path(path) as temporary:
        temporary.write_text(
            "".join(
                json.dumps(_without_nan(line), allow_nan=False) + "\n" for line in lines
            )
        )


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _set_nested(line: dict[str, Any], keys: list[str], value: float) -> None:
    for key in keys[:-1]:
        line = line.setdefault(key, {})
    line[keys[-1]] = value


def _mean_over_ranks(value: torch.Tensor) -> float:
    value = value.clone()
    dist.all_reduce(value, op="mean")
    return float(value)
