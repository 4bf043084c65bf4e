"""Refusing a config that says something nobody reads, or that makes no sense."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.utils import set_random_seed
from mmseg.utils import register_all_modules
from torch import nn
from torch.utils.data import DataLoader

from mmext import registry
from mmext.checked import Index, checked
from mmext.engine.config_types import check_arguments, check_settings
from mmext.errors import UserError

# Which registry the `type` below a key is looked up in. A key that is not named
# here keeps its parent's registry.
_REGISTRIES: dict[str, Registry | None] = {
    "model": registry.MODELS,
    "tta_model": registry.MODELS,
    "dataset": registry.DATASETS,
    "pipeline": registry.TRANSFORMS,
    "error_variant": registry.TASK_UTILS,
    "sampler": registry.DATA_SAMPLERS,
    "batch_sampler": registry.DATA_SAMPLERS,
    "collate_fn": registry.FUNCTIONS,
    "worker_init_fn": registry.FUNCTIONS,
    "default_hooks": registry.HOOKS,
    "custom_hooks": registry.HOOKS,
    "val_evaluator": registry.METRICS,
    "test_evaluator": registry.METRICS,
    "visualizer": registry.VISUALIZERS,
    "vis_backends": registry.VISBACKENDS,
    "optim_wrapper": registry.OPTIM_WRAPPERS,
    "optimizer": registry.OPTIMIZERS,
    "param_scheduler": registry.PARAM_SCHEDULERS,
    "train_cfg": registry.LOOPS,
    "val_cfg": registry.LOOPS,
    "test_cfg": registry.LOOPS,
    "log_processor": registry.LOG_PROCESSORS,
    "init_cfg": registry.WEIGHT_INITIALIZERS,
    "tta_pipeline": registry.TRANSFORMS,
    "assigner": registry.TASK_UTILS,
    "match_costs": registry.TASK_UTILS,
    # These have a type that names no component; who reads them checks them.
    "normalisation": None,
    "clip_grad": None,
    "on_trace_ready": None,
}
# What mmengine takes where a config names nothing.
_DEFAULT_TYPES = {
    "train_cfg": "EpochBasedTrainLoop",
    "val_cfg": "ValLoop",
    "test_cfg": "TestLoop",
    "log_processor": "LogProcessor",
    "optim_wrapper": "OptimWrapper",
}
# Keys that are read before the component is built of the rest.
_BUILDERS_KEYS = {
    "hook": {"priority"},
    "optim_wrapper": {"constructor", "paramwise_cfg"},
    "parameter scheduler": {"convert_to_iter_based"},
    "vis_backend": {"name"},
    "weight initializer": {"override"},
}
# Class → who gets its **kwargs: a function, or whom an argument of it names.
_HANDS_ON: dict[str, Any] = {
    "CheckpointHook": Runner.save_checkpoint,
    "EMAHook": ("ema_type", registry.MODELS),
    "RandomResize": ("resize_type", registry.TRANSFORMS),
    "RandomChoiceResize": ("resize_type", registry.TRANSFORMS),
}
# Arguments that the program gives, not the config.
_PROVIDED = {"dataset", "module", "worker_id", "samples"}
# What these hold are components of another library.
_FOREIGN = {"Albu", "mmseg.Albu"}
_LOADER_KEYS = {
    "dataset",
    "sampler",
    "batch_sampler",
    "num_batch_per_epoch",
    "disable_subprocess_warning",
}
_OURS = {
    "lineage",
    "epoch_scale",
    "epochs_are_scaled",
    "env_cfg",
    "custom_imports",
    "tta_model",
    "tta_pipeline",
    "auto_scale_lr",
    "load_from_partially",
}


def check_config(config: Config) -> None:
    """Refuse unknown names, unknown arguments, and values of another type or range.

    Every dict with a ``type`` is looked up in the registry of its place, and its
    keys are compared with the arguments that the class takes; those of our own
    components with their type hints, too. What the mm stack takes is declared in
    :data:`~mmext.engine.config_types.SETTINGS`. Top-level names are free, as in any
    mm config, unless one is nearly that of a setting.

    Raises:
        UserError: The first thing that nobody would read, or that doesn't fit.
    """
    register_all_modules(init_default_scope=False)
    settings = set(inspect.signature(Runner.__init__).parameters) - {"self"} | _OURS
    for key in config:
        if key not in settings:
            near = difflib.get_close_matches(key, settings, 1, cutoff=0.88)
            if near and near[0] not in config:
                raise UserError(f"config key '{key}': unknown, did you mean {near[0]}?")
    plain = config.to_dict()
    check_settings(plain)
    for name, hook in (plain.get("default_hooks") or {}).items():
        if hook is not None and "type" not in hook:
            raise UserError(
                f"default_hooks.{name}: has no type, so this config has no such hook"
            )
    _check_keys(
        "randomness",
        plain.get("randomness") or {},
        inspect.signature(set_random_seed).parameters,
    )
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        allowed = set(inspect.signature(DataLoader.__init__).parameters) | _LOADER_KEYS
        _check_keys(name, plain.get(name) or {}, allowed)
    loop = plain.get("train_cfg")
    if loop is not None and "max_epochs" not in loop:
        loop_keys = inspect.signature(EpochBasedTrainLoop.__init__).parameters
        _check_keys("train_cfg", loop, {"by_epoch", "max_iters", *loop_keys})
        raise UserError(
            "train_cfg.max_epochs: missing, expected a number of epochs (not of "
            "iterations)"
        )
    if (plain.get("lineage") or {}).get("use") == "branch":
        # A branch's own seed is made of it.
        checked(Index, (plain.get("randomness") or {}).get("seed"), "randomness.seed")
    for key, value in plain.items():
        if key in _REGISTRIES or key.endswith("_dataloader"):
            _check(key, value, _REGISTRIES.get(key))


def _check(path: str, value: Any, where: Registry | None) -> None:
    if isinstance(value, Mapping):
        if where is registry.METRICS and "metrics" in value:
            _check_component(path, {"type": "Evaluator", **value}, registry.EVALUATOR)
        elif where is not None:
            default = _DEFAULT_TYPES.get(path)
            if path == "train_cfg" and "by_epoch" in value and "type" not in value:
                value = {key: v for key, v in value.items() if key != "by_epoch"}
            kind = value.get("type", default)
            if kind is not None and not isinstance(kind, str | type):
                checked(str, kind, f"{path}.type")
            if isinstance(kind, str):
                _check_component(path, {"type": default, **value}, where)
        if value.get("type") in _FOREIGN:
            return
        for key, item in value.items():
            # Hooks may have any name, and a model's train_cfg is no loop.
            is_name = path == "default_hooks" or (
                where is registry.MODELS and key in ("train_cfg", "test_cfg")
            )
            below = where if is_name else _REGISTRIES.get(key, where)
            if path.startswith("model") and below is registry.DATA_SAMPLERS:
                below = registry.TASK_UTILS  # which pixels a head's loss looks at
            _check(f"{path}.{key}", item, below)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(f"{path}[{index}]", item, where)


def _check_component(path: str, value: Mapping[str, Any], where: Registry) -> None:
    name = value["type"]
    found = where.get(name)
    if found is None:
        near = difflib.get_close_matches(name, _names(where), 1)
        hint = f", did you mean {near[0]}?" if near else ""
        raise UserError(f"{path}.type: no {where.name} is called '{name}'{hint}")
    arguments = _arguments(found, value)
    if arguments is not None:
        read_before = _BUILDERS_KEYS.get(where.name, set())
        if path.endswith("norm_cfg"):
            read_before = {"requires_grad"}
        _check_keys(path, value, arguments | read_before)
    check_arguments(path, found, value, _PROVIDED)


def _check_keys(path: str, found: Iterable[str], allowed: Iterable[str]) -> None:
    allowed = {*allowed, "type", "_scope_"}
    for key in found:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise UserError(f"{path}.{key}: unknown key{hint}")


def _arguments(component: Any, given: Mapping[str, Any]) -> set[str] | None:
    """Names that a class or function takes; None if it takes any.

    Args:
        component: The class or function.
        given: Its config: what it hands **kwargs on to may be named there.
    """
    if not inspect.isclass(component):
        parameters = inspect.signature(component).parameters.values()
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        return None if takes_any else {p.name for p in parameters}
    names: set[str] = set()
    for owner in component.__mro__:
        if owner is nn.Module:
            return names  # it takes none, whatever its signature says
        if owner is object:
            return _handed_on(component, given, names)
        if "__init__" not in vars(owner):
            continue
        parameters = inspect.signature(vars(owner)["__init__"]).parameters.values()
        names |= {p.name for p in parameters}
        # **kwargs hands on to the next class, whose names count too.
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names
    return names


def _handed_on(
    component: Any, given: Mapping[str, Any], names: set[str]
) -> set[str] | None:
    """Names of a class whose **kwargs no parent takes."""
    for owner in component.__mro__:
        if owner.__name__ in _HANDS_ON:
            taker = _HANDS_ON[owner.__name__]
            if isinstance(taker, tuple):
                key, where = taker
                default = inspect.signature(owner.__init__).parameters[key].default
                taker = where.get(given.get(key, default))
            below = None if taker is None else _arguments(taker, {})
            return None if below is None else names | below
    takes_none = all("__init__" not in vars(o) for o in component.__mro__[:-1])
    return names if takes_none else None


def _names(where: Registry | None) -> set[str]:
    names: set[str] = set()
    while where is not None:
        names |= set(where.module_dict)
        where = where.parent
    return names
