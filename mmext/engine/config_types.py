"""What type and range the values of a config must have."""

import functools
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field

from mmext.checked import (
    BelowOne,
    Count,
    Index,
    NotNegative,
    Positive,
    Share,
    checked,
)
from mmext.errors import UserError

_Interval = Annotated[int, Field(ge=-1)]
_Table = Mapping[str, Any]
_Tables = _Table | Sequence[_Table]

#: Settings of the mm stack, whose own code states no useful types. A path may hold
#: ``*`` for any one key; places in lists are left out of it.
SETTINGS: dict[str, Any] = {
    "epoch_scale": Positive,
    "resume": bool,
    "load_from": str | None,
    "work_dir": str | None,
    "default_scope": str | None,
    "log_level": str | int,
    "model": _Table,
    "lineage": _Table | None,
    "lineage.epoch": Count,
    "lineage.parent": str | Sequence[str],
    "lineage.use": str,
    "randomness": _Table | None,
    "randomness.seed": Index | None,
    "randomness.deterministic": bool,
    "randomness.diff_rank_seed": bool,
    "train_cfg": _Table | None,
    "train_cfg.by_epoch": bool,
    "train_cfg.max_epochs": Count,
    "train_cfg.max_iters": Count,
    "train_cfg.val_interval": Count,
    "train_cfg.val_begin": Count,
    "train_cfg.dynamic_intervals": Sequence[
        Annotated[Sequence[Count], Field(min_length=2, max_length=2)]
    ]
    | None,
    "val_cfg": _Table | None,
    "test_cfg": _Table | None,
    "*_dataloader": _Table | None,
    "*_dataloader.batch_size": Count,
    "*_dataloader.num_workers": Index,
    "*_dataloader.prefetch_factor": Count | None,
    "*_dataloader.persistent_workers": bool,
    "*_dataloader.pin_memory": bool,
    "*_dataloader.drop_last": bool,
    "*_dataloader.timeout": NotNegative,
    "*_dataloader.num_batch_per_epoch": Count | None,
    "*_dataloader.dataset": _Table,
    "*_dataloader.dataset.pipeline": Sequence[_Table],
    "*_dataloader.dataset.pipeline.prob": Share | Sequence[Share],
    "*_dataloader.sampler": _Table | None,
    "*_dataloader.sampler.shuffle": bool,
    "*_dataloader.sampler.round_up": bool,
    "*_dataloader.sampler.seed": Index | None,
    "*_evaluator": _Tables | None,
    "optim_wrapper": _Table | None,
    "optim_wrapper.accumulative_counts": Count,
    "optim_wrapper.loss_scale": Literal["dynamic"] | Positive | _Table,
    "optim_wrapper.clip_grad": _Table | None,
    "optim_wrapper.clip_grad.max_norm": Positive,
    "optim_wrapper.clip_grad.clip_value": Positive,
    "optim_wrapper.paramwise_cfg": _Table | None,
    "optim_wrapper.optimizer": _Table,
    # None: Adafactor finds its own.
    "optim_wrapper.optimizer.lr": Positive | None,
    "optim_wrapper.optimizer.weight_decay": NotNegative,
    "optim_wrapper.optimizer.momentum": NotNegative,
    "optim_wrapper.optimizer.eps": NotNegative | Sequence[NotNegative],
    "optim_wrapper.optimizer.betas": Annotated[Sequence[BelowOne], Field(min_length=2)],
    "param_scheduler": _Tables | None,
    "param_scheduler.by_epoch": bool,
    "param_scheduler.convert_to_iter_based": bool,
    "param_scheduler.begin": Index,
    "param_scheduler.end": Count,
    "param_scheduler.T_max": Count | None,
    "param_scheduler.step_size": Count,
    "param_scheduler.total_steps": Count,
    "param_scheduler.milestones": Sequence[Count],
    "param_scheduler.periods": Sequence[Count],
    "param_scheduler.gamma": Positive,
    "param_scheduler.start_factor": Share,
    "param_scheduler.end_factor": Share,
    "param_scheduler.eta_min": NotNegative | None,
    "param_scheduler.power": Positive,
    "default_hooks": Mapping[str, _Table | None] | None,
    "custom_hooks": Sequence[_Table] | None,
    **{
        f"{hook}.{key}": kind
        for hook in ("default_hooks.*", "custom_hooks")
        for key, kind in {
            "interval": _Interval,
            "priority": str | int,
            "patience": Count,
            "momentum": Share,
            "begin_epoch": Index,
            "begin_iter": Index,
        }.items()
    },
    "default_hooks.logger.interval": Count,
    "log_processor": _Table | None,
    "log_processor.by_epoch": bool,
    "log_processor.window_size": Count,
    "model.decode_head.head": _Table,
    # from_backbone: mmext.engine.head_width fills it in.
    "model.decode_head.head.channels": Literal["from_backbone"] | Count,
    "model.decode_head.head.in_channels": Literal["from_backbone"]
    | Count
    | Sequence[Count],
    "model.decode_head.head.in_index": int | Sequence[int],
    "model.decode_head.head.num_convs": Index,
    "model.decode_head.head.dropout_ratio": Share,
    "auto_scale_lr": _Table | None,
    "auto_scale_lr.base_batch_size": Count,
    "auto_scale_lr.enable": bool,
}


def check_settings(config: Mapping[str, Any]) -> None:
    """Compare a config's values with :data:`SETTINGS`.

    Raises:
        UserError: The first that doesn't fit: its key, what is there, what should be.
    """
    for path, parts, value in _walk(config):
        for pattern, kind in _patterns(len(parts)):
            if all(map(fnmatchcase, parts, pattern)):
                checked(kind, value, path)


def check_arguments(
    path: str, component: Any, given: Mapping[str, Any], provided: Collection[str]
) -> None:
    """Compare what a config gives a component of ours with its constructor's hints.

    Args:
        path: The component's key in the config.
        component: The class or function that the config names.
        given: The arguments, plain values.
        provided: Names of arguments that don't come from the config.

    Raises:
        UserError: As :func:`check_settings`, or an argument is missing.
    """
    for name, kind in _hints(component).items():
        if name in given:
            checked(kind, given[name], f"{path}.{name}")
        elif name in _needed(component) and name not in provided:
            raise UserError(f"{path}.{name}: missing")


def _walk(
    value: Any, path: str = "", parts: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    if parts:
        yield path, parts, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}".lstrip("."), (*parts, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                # The list itself has been yielded; its members stand in its place.
                for key, inner in item.items():
                    below = f"{path}[{index}].{key}"
                    yield from _walk(inner, below, (*parts, str(key)))


@functools.cache
def _patterns(length: int) -> list[tuple[list[str], Any]]:
    split = [(pattern.split("."), kind) for pattern, kind in SETTINGS.items()]
    return [(parts, kind) for parts, kind in split if len(parts) == length]


@functools.cache
def _hints(component: Any) -> dict[str, Any]:
    """The hints of the arguments that our own code declares."""
    hints: dict[str, Any] = {}
    owners = component.__mro__ if inspect.isclass(component) else (component,)
    for owner in reversed(owners):
        made_by = vars(owner).get("__init__") if inspect.isclass(owner) else owner
        if made_by is not None and owner.__module__.partition(".")[0] == "mmext":
            hints.update(get_type_hints(made_by, include_extras=True))
    hints.pop("return", None)
    return hints


@functools.cache
def _needed(component: Any) -> set[str]:
    parameters = inspect.signature(component).parameters.values()
    gathers = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return {
        p.name for p in parameters if p.default is p.empty and p.kind not in gathers
    }
