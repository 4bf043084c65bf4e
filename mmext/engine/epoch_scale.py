"""The same training at another length."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmext.errors import UserError
from mmext.registry import HOOKS

# What counts epochs in a parameter scheduler, and what a scheduler may have besides.
_SCHEDULER_EPOCHS = {
    "begin",
    "end",
    "T_max",
    "step_size",
    "milestones",
    "periods",
    "total_steps",
    "patience",
    "cooldown",
}
_SCHEDULER_OTHERS = {
    "type",
    "_scope_",
    "by_epoch",
    "convert_to_iter_based",
    "gamma",
    "factor",
    "start_factor",
    "end_factor",
    "power",
    "eta_min",
    "eta_min_ratio",
    "eta_max",
    "restart_weights",
    "pct_start",
    "anneal_strategy",
    "div_factor",
    "final_div_factor",
    "three_phase",
    "monitor",
    "rule",
    "threshold",
    "threshold_rule",
    "min_value",
    "eps",
    "param_name",
    "last_step",
    "verbose",
}
# Hook → what of it counts epochs. Subclasses are meant, too.
_HOOK_EPOCHS = {
    "ErrorAccumulationHook": ("begin", "snapshots"),
    "CheckpointHook": ("interval", "save_begin"),
    "EMAHook": ("begin_epoch",),
}
_NO_EPOCHS = {"passes_per_epoch", "epoch_scale"}


def scale_epoch(epoch: int, scale: float) -> int:
    """An epoch number of the paper's schedule at another length, at least 1.

    Nothing stays nothing: 0 is the start at any length, and -1 mmengine's "never".
    """
    return max(1, round(epoch * scale)) if epoch > 0 else epoch


def apply_epoch_scale(config: Config) -> None:
    """Multiply every epoch number of a config by its ``epoch_scale``, in place.

    Those are ``max_epochs``, ``val_begin`` and the first halves of
    ``dynamic_intervals`` in ``train_cfg``, ``lineage.epoch``, what counts epochs in
    parameter schedulers, and in hooks where accumulation, averaging and checkpoints
    begin, the snapshots and the checkpoint interval. How often is looked
    (``val_interval``, the interval of a log or a score) stays as it is.
    Afterwards ``epochs_are_scaled`` is True, so that the dumped config, read
    again, is not scaled twice.

    Raises:
        UserError: Two epochs of a list, or a scheduler's begin and end, fall together
            at that scale, or a scheduler has a key of which nobody knows whether it
            counts epochs.
    """
    scale = config.get("epoch_scale", 1.0)
    if not scale > 0:
        raise UserError(f"epoch_scale: is {scale}, expected more than 0")
    if config.get("epochs_are_scaled", False):
        return
    config.epochs_are_scaled = True
    if scale == 1:
        return
    loop = config.get("train_cfg")
    _scale_keys("train_cfg", loop, ("max_epochs", "val_begin"), scale)
    if loop and loop.get("dynamic_intervals"):
        loop["dynamic_intervals"] = [
            (scale_epoch(epoch, scale), interval)
            for epoch, interval in loop["dynamic_intervals"]
        ]
    _scale_keys("lineage", config.get("lineage"), ("epoch",), scale)
    for path, scheduler in named_schedulers(config.get("param_scheduler")):
        if scheduler.get("by_epoch", True):
            _scale_scheduler(path, scheduler, scale)
    for path, hook in named_hooks(config):
        _scale_hook(path, hook, scale)


def all_hooks(config: Config) -> list[dict[str, Any]]:
    """The configs of default and custom hooks that are switched on."""
    return [hook for _, hook in named_hooks(config)]


def named_hooks(config: Config) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and config of each hook that is switched on."""
    for name, hook in (config.get("default_hooks") or {}).items():
        if hook:
            yield f"default_hooks.{name}", hook
    for index, hook in enumerate(config.get("custom_hooks") or []):
        if hook:
            yield f"custom_hooks[{index}]", hook


def named_schedulers(
    value: Any, path: str = "param_scheduler"
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and config of each: of one, a list, or a list for each of several optimizers.

    Args:
        value: What ``param_scheduler`` is.
        path: Its key.
    """
    if isinstance(value, dict) and "type" in value:
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from named_schedulers(item, f"{path}.{name}")
    else:
        for index, item in enumerate(value or []):
            yield from named_schedulers(item, f"{path}[{index}]")


def _scale_scheduler(path: str, scheduler: dict[str, Any], scale: float) -> None:
    for key in set(scheduler) - _SCHEDULER_EPOCHS - _SCHEDULER_OTHERS:
        raise UserError(
            f"epoch_scale: is {scale}, but nobody knows whether {path}.{key} counts "
            "epochs; expected epoch_scale=1"
        )
    if scheduler["type"].rpartition(".")[2].startswith("Exponential"):
        # Its factor is an epoch's; at half the length an epoch does the work of two.
        scheduler["gamma"] **= 1 / scale
    begin, end = scheduler.get("begin", 0), scheduler.get("end", math.inf)
    _scale_keys(path, scheduler, _SCHEDULER_EPOCHS, scale)
    if begin < end and scheduler.get("begin", 0) >= scheduler.get("end", math.inf):
        raise UserError(
            f"epoch_scale: is {scale}, so that {path} begins and ends in epoch "
            f"{scheduler['end']} (at 1: {begin} and {end}); expected more"
        )


def _scale_hook(path: str, hook: dict[str, Any], scale: float) -> None:
    found = HOOKS.get(hook["type"])
    names = {owner.__name__ for owner in found.__mro__} if found else set()
    keys = [key for name in names for key in _HOOK_EPOCHS.get(name, ())]
    if hook.get("by_epoch", True):
        _scale_keys(path, hook, keys, scale)
    for key in {key for key in hook if "epoch" in key} - {*keys, *_NO_EPOCHS}:
        if not isinstance(hook[key], bool):
            print_log(
                f"{path}.{key} stays {hook[key]!r}: epoch_scale={scale} reaches only "
                "what is known to be an epoch",
                logger="current",
                level=logging.WARNING,
            )


def _scale_keys(
    path: str, holder: dict[str, Any] | None, keys: Iterable[str], scale: float
) -> None:
    for key in set(keys) & set(holder or ()):
        assert holder is not None
        stated = holder[key]
        if isinstance(stated, int):
            holder[key] = scale_epoch(stated, scale)
        elif isinstance(stated, list | tuple):
            holder[key] = _scale_list(f"{path}.{key}", stated, scale)
        # Otherwise it is no epoch: a training IoU to begin at, infinity.


def _scale_list(path: str, stated: Sequence[int], scale: float) -> list[int]:
    scaled = [scale_epoch(epoch, scale) for epoch in stated]
    if not path.endswith("periods") and len(set(scaled)) < len(set(stated)):
        raise UserError(
            f"epoch_scale: at {scale} the epochs {list(stated)} of {path} fall "
            f"together ({scaled}), expected a larger scale"
        )
    return scaled
