"""Refusing a config that says something nobody reads."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.runner import Runner
from mmengine.runner.utils import set_random_seed
from mmseg.utils import register_all_modules
from torch.utils.data import DataLoader

from mmext import registry
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
    # LoadThermal's: its type names no component, and LoadThermal checks it.
    "normalisation": None,
}
_LOADER_KEYS = {"dataset", "sampler", "batch_sampler", "num_batch_per_epoch"}
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
    """Refuse unknown component names and unknown arguments, with the nearest.

    Every dict with a ``type`` is looked up in the registry of its place and its
    keys are compared with the arguments that the class takes. Top-level names
    are free, as in any mm config, unless one is nearly that of a setting.

    Raises:
        UserError: The first thing that nobody would read.
    """
    register_all_modules(init_default_scope=False)
    settings = set(inspect.signature(Runner.__init__).parameters) - {"self"} | _OURS
    for key in config:
        if key not in settings:
            near = difflib.get_close_matches(key, settings, 1, cutoff=0.88)
            if near and near[0] not in config:
                raise UserError(f"config key '{key}': unknown, did you mean {near[0]}?")
    _check_keys(
        "randomness",
        config.get("randomness") or {},
        inspect.signature(set_random_seed).parameters,
    )
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        allowed = set(inspect.signature(DataLoader.__init__).parameters) | _LOADER_KEYS
        _check_keys(name, config.get(name) or {}, allowed)
    for name, hook in (config.get("default_hooks") or {}).items():
        if hook is not None and "type" not in hook:
            raise UserError(
                f"default_hooks.{name}: has no type, so this config has no such hook"
            )
    for key, value in config.items():
        if key in _REGISTRIES or key.endswith("_dataloader"):
            _check(key, value, _REGISTRIES.get(key))


def _check(path: str, value: Any, where: Registry | None) -> None:
    if isinstance(value, Mapping):
        if where is not None and isinstance(value.get("type"), str):
            _check_component(path, value, where)
        for key, item in value.items():
            # Hooks may have any name, and a model's train_cfg is no loop.
            is_name = path == "default_hooks" or (
                where is registry.MODELS and key in ("train_cfg", "test_cfg")
            )
            below = where if is_name else _REGISTRIES.get(key, where)
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
    arguments = _arguments(found)
    if where is registry.WEIGHT_INITIALIZERS and arguments is not None:
        arguments |= {"override"}  # read by mmengine before it builds the rest
    if arguments is not None:
        _check_keys(path, value, arguments)


def _check_keys(path: str, found: Iterable[str], allowed: Iterable[str]) -> None:
    allowed = {*allowed, "type", "_scope_"}
    for key in found:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise UserError(f"{path}.{key}: unknown key{hint}")


def _arguments(component: Any) -> set[str] | None:
    """Names that a class or function takes; None if it takes any."""
    if not inspect.isclass(component):
        parameters = inspect.signature(component).parameters.values()
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        return None if takes_any else {p.name for p in parameters}
    names: set[str] = set()
    for owner in component.__mro__:
        if "__init__" not in vars(owner):
            continue
        if owner is object:
            return names
        parameters = inspect.signature(vars(owner)["__init__"]).parameters.values()
        names |= {p.name for p in parameters}
        # **kwargs hands on to the next class, whose names count too.
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names
    return None


def _names(where: Registry | None) -> set[str]:
    names: set[str] = set()
    while where is not None:
        names |= set(where.module_dict)
        where = where.parent
    return names
