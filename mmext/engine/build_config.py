"""From a config file and options to the config that a Runner takes."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict

from mmext.engine.config_check import check_config
from mmext.engine.epoch_scale import apply_epoch_scale
from mmext.errors import UserError

_RUNNERS_HOOKS = {
    "runtime_info",
    "timer",
    "sampler_seed",
    "logger",
    "param_scheduler",
    "checkpoint",
}


def load_config(path: Path, options: dict[str, Any] | None = None) -> Config:
    """Read, override, check and scale a config.

    Args:
        path: The config file.
        options: ``--cfg-options``: dotted keys and values. Their first parts must
            be settings that the config has.

    Raises:
        UserError: The file is missing or not a config, or :func:`check_config`
            refuses something in it.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such config")
    try:
        config = Config.fromfile(str(path))
    except (SyntaxError, KeyError, FileNotFoundError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: not a valid config ({reason})") from None
    for key in options or {}:
        if key.split(".")[0] not in config:
            raise UserError(
                f"--cfg-options {key}: the config has no '{key.split('.')[0]}', "
                f"expected one of {', '.join(sorted(config))}"
            )
    config.merge_from_dict(options or {})
    _drop_absent_hooks(config)
    check_config(config)
    apply_epoch_scale(config)
    if not torch.cuda.is_available():
        # NCCL is for GPUs; gloo is what two processes on CPUs talk through.
        config.setdefault("env_cfg", ConfigDict()).setdefault("dist_cfg", {})
        config.env_cfg.dist_cfg["backend"] = "gloo"
    return config


def _drop_absent_hooks(config: Config) -> None:
    # The Runner takes None for its own default hooks only.
    hooks = config.get("default_hooks") or {}
    for name in [name for name, hook in hooks.items() if hook is None]:
        if name not in _RUNNERS_HOOKS:
            del hooks[name]


def default_work_dir(config_path: Path) -> Path:
    """``work_dirs/`` and the config's path below the nearest ``configs/``."""
    parts = config_path.resolve().with_suffix("").parts
    if "configs" in parts:
        last = len(parts) - 1 - parts[::-1].index("configs")
        return Path("work_dirs", *parts[last + 1 :])
    return Path("work_dirs", parts[-1])
