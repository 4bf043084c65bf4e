"""One line of JSON per epoch: all that the report reads of a training."""

import difflib
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.engine.work_dir import (
    HISTORY,
    HistoryLine,
    history_text,
    parse_history,
    salvage_history,
    write_history,
)
from mmext.errors import UserError
from mmext.registry import HOOKS

from .error_accumulation_hook import CFDR
from .training_set_metric_hook import TRAIN_SCORES

_STATE = "history"
_TRAINING_KEYS = {"epoch", "stage", "seconds", "lr", "loss", "train", "cfdr"}


@HOOKS.register_module()
class HistoryHook(Hook):
    """Write ``history.jsonl`` (``docs/architecture.md``, "A work directory").

    A line is written before its epoch's checkpoint and completed after its
    validation. A resumed run keeps the lines up to its checkpoint. The lines travel
    with the checkpoint, too, so that those lost or damaged since come back from there.

    Args:
        stage: 1 or 2, copied into every line; None where stages mean nothing.
    """

    # After the hooks that score (NORMAL), before the checkpoint (VERY_LOW).
    priority = "BELOW_NORMAL"

    def __init__(self, stage: Literal[1, 2] | None = None) -> None:
        self.stage = stage
        self.lines: list[HistoryLine] = []
        self._saved: list[HistoryLine] = []
        self._training = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the saved lines, if they are this config's and not its parent's."""
        state = checkpoint.get(_STATE)
        if isinstance(state, dict) and state.get("config") == _config_name(runner):
            self._saved, _ = parse_history(str(state.get("lines")), "checkpoint")

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the lines beside the weights."""
        checkpoint[_STATE] = {
            "config": _config_name(runner),
            "lines": history_text(self.lines),
        }

    def before_train(self, runner: Runner) -> None:
        """Take over the lines of the epochs that the checkpoint has seen."""
        self.work_dir = Path(runner.work_dir)
        self.lines = []
        if runner.epoch:
            # One process reads: all must agree whether a validation is missing.
            found = [self._earlier_lines(runner) if dist.is_main_process() else []]
            dist.broadcast_object_list(found)
            self.lines = found[0]
        self._training = True

    def _earlier_lines(self, runner: Runner) -> list[HistoryLine]:
        lines, complaints = salvage_history(self.work_dir)
        known = {line["epoch"]: line for line in self._saved}
        restored = sorted(set(known) - {line["epoch"] for line in lines})
        for complaint in complaints:
            runner.logger.warning(f"{complaint}; left out")
        if complaints:
            damaged = self.work_dir / HISTORY
            kept = damaged.rename(damaged.with_name(f"{HISTORY}.damaged"))
            runner.logger.warning(f"The damaged history is kept as {kept}")
        if restored:
            runner.logger.warning(
                f"{self.work_dir / HISTORY}: restored {_epochs(restored)} from the "
                "checkpoint"
            )
        # A line in the file may be validated where the checkpoint's is not yet.
        known |= {line["epoch"]: line for line in lines}
        kept_lines = [known[epoch] for epoch in sorted(known) if epoch <= runner.epoch]
        first = kept_lines[0]["epoch"] if kept_lines else runner.epoch
        lost = sorted(set(range(first, runner.epoch + 1)) - set(known))
        if lost and (complaints or kept_lines):
            runner.logger.warning(
                f"{self.work_dir / HISTORY}: lacks {_epochs(lost)}, and so does the "
                "checkpoint; the report will miss them"
            )
        return kept_lines

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
        values: dict[str, Any] = {
            "epoch": runner.epoch + 1,
            "stage": self.stage,
            "seconds": time.perf_counter() - self._started,
            "lr": runner.optim_wrapper.get_lr()["lr"][0],
            "loss": {"sum": total * self._iterations, "mean": total, **means},
        }
        if self.stage is None:
            del values["stage"]
        for key, info in (("train", TRAIN_SCORES), ("cfdr", CFDR)):
            if info in runner.message_hub.runtime_info:
                values[key] = runner.message_hub.runtime_info.pop(info)
        self.lines.append(cast(HistoryLine, values))
        self._write()

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Complete the line of the epoch that was validated."""
        if not (self._training and self.lines):
            return
        line = cast(dict[str, Any], self.lines[-1])
        for name, value in (metrics or {}).items():
            _set_nested(line, _keys(name), value)
        if hasattr(self, "_started"):
            line["seconds"] = time.perf_counter() - self._started
        self._write()

    def after_train(self, runner: Runner) -> None:
        """End of training: a later validation is nobody's line."""
        self._training = False

    def misses_validation(self, runner: Runner) -> bool:
        """Whether the epoch that the run goes on from was due to be validated."""
        if runner.val_loop is None or not self.lines:
            return False
        line = self.lines[-1]
        if line["epoch"] != runner.epoch:
            return False
        loop = runner.train_loop
        due = runner.epoch >= loop.val_begin and (
            runner.epoch % loop.val_interval == 0 or runner.epoch == runner.max_epochs
        )
        return due and not set(line) - _TRAINING_KEYS

    def _write(self) -> None:
        if dist.is_main_process():
            write_history(self.work_dir, self.lines)


@HOOKS.register_module()
class MissedValidationHook(Hook):
    """Validate first where the checkpoint's epoch was due to be and was not.

    ``train`` adds it to every training. It comes when all hooks are ready, since the
    validation may be the best so far and is saved then.
    """

    priority = "LOWEST"

    def before_train(self, runner: Runner) -> None:
        """Make up for it."""
        for hook in runner.hooks:
            if isinstance(hook, HistoryHook) and hook.misses_validation(runner):
                runner.val_loop.run()


def refuse_absent_score(key: str, name: str, metrics: Mapping[str, float]) -> None:
    """Refuse a setting that names a score which a validation has not.

    Args:
        key: Of the setting.
        name: The score that it names.
        metrics: Of the validation.

    Raises:
        UserError: The score is not among them; the nearest are named.
    """
    if name not in metrics:
        near = difflib.get_close_matches(name, metrics, 3, cutoff=0)
        raise UserError(
            f"{key}: is {name!r}, expected one of {', '.join(near) or 'none'} (the "
            f"nearest of the validation's {len(metrics)} scores)"
        )


def score_of(line: HistoryLine, metric: str) -> float | None:
    """The value of a metric in a line.

    Args:
        line: Of a history.
        metric: The name that its evaluator gives it, such as ``'test/union.iou'``.

    Returns:
        The value; None if the line lacks it or it was no number.
    """
    value: Any = line
    for key in _keys(metric):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _keys(metric: str) -> list[str]:
    prefix, _, rest = metric.partition("/")
    return [prefix, *rest.split(".")] if rest else [prefix]


def _set_nested(line: dict[str, Any], keys: list[str], value: float) -> None:
    for key in keys[:-1]:
        line = line.setdefault(key, {})
    line[keys[-1]] = value


def _mean_over_ranks(value: torch.Tensor) -> float:
    value = value.clone()
    dist.all_reduce(value, op="mean")
    return float(value)


def _config_name(runner: Runner) -> str:
    return Path(runner.cfg.filename or "").stem


def _epochs(epochs: list[int]) -> str:
    if len(epochs) == 1:
        return f"epoch {epochs[0]}"
    return f"{len(epochs)} epochs ({epochs[0]} to {epochs[-1]})"
