"""The same training at another length."""

from typing import Any

from mmengine.config import Config

from mmext.errors import UserError


def scale_epoch(epoch: int, scale: float) -> int:
    """An epoch number of the paper's schedule at another length, at least 1."""
    return max(1, round(epoch * scale))


def apply_epoch_scale(config: Config) -> None:
    """Multiply every epoch number of a config by its ``epoch_scale``, in place.

    Those are ``train_cfg.max_epochs``, ``lineage.epoch``, the begin and the
    snapshots of ``ErrorAccumulationHook``, the checkpoint interval, and where
    parameter schedulers that count epochs begin and end.
    Afterwards ``epochs_are_scaled`` is True, so that the dumped config, read
    again, is not scaled twice.

    Raises:
        UserError: The scale is not positive, or two of the snapshots fall
            together at it.
    """
    scale = config.get("epoch_scale", 1.0)
    if not scale > 0:
        raise UserError(f"epoch_scale: is {scale}, expected a positive number")
    if config.get("epochs_are_scaled", False):
        return
    config.epochs_are_scaled = True
    _scale_key(config.get("train_cfg"), "max_epochs", scale)
    _scale_key(config.get("lineage"), "epoch", scale)
    for scheduler in config.get("param_scheduler") or []:
        if scheduler.get("by_epoch", True):
            for key in ("begin", "end", "T_max"):
                if scheduler.get(key):  # 0 stays the start
                    _scale_key(scheduler, key, scale)
    for hook in all_hooks(config):
        if hook["type"] == "AtomicCheckpointHook":
            _scale_key(hook, "interval", scale)
        if hook["type"] == "ErrorAccumulationHook":
            if isinstance(hook.get("begin"), int):
                _scale_key(hook, "begin", scale)
            _scale_snapshots(hook, scale)


def all_hooks(config: Config) -> list[dict[str, Any]]:
    """The configs of default and custom hooks that are switched on."""
    default = (config.get("default_hooks") or {}).values()
    return [hook for hook in (*default, *(config.get("custom_hooks") or [])) if hook]


def _scale_key(holder: dict[str, Any] | None, key: str, scale: float) -> None:
    if holder and key in holder:
        holder[key] = scale_epoch(holder[key], scale)


def _scale_snapshots(hook: dict[str, Any], scale: float) -> None:
    stated = hook.get("snapshots", ())
    scaled = [scale_epoch(epoch, scale) for epoch in stated]
    if len(set(scaled)) < len(stated):
        raise UserError(
            f"epoch_scale: at {scale} the snapshots {list(stated)} fall together "
            f"({scaled}), expected a larger scale"
        )
    hook["snapshots"] = scaled
