"""From a config file and options to the config that a Runner takes."""

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from mmext.checked import shortened
from mmext.engine.config_bases import refuse_circle
from mmext.engine.config_check import check_config
from mmext.engine.epoch_scale import apply_epoch_scale
from mmext.engine.head_width import fill_head_width
from mmext.engine.scored_set import name_scored_set
from mmext.errors import UserError, one_line

_RUNNERS_HOOKS = {
    "runtime_info",
    "timer",
    "sampler_seed",
    "logger",
    "param_scheduler",
    "checkpoint",
}

# What a Runner takes and the shipped configs don't state.
_OPTIONAL = {"auto_scale_lr", "custom_hooks", "param_scheduler"}

_NEEDED = ("model", "train_dataloader", "train_cfg", "optim_wrapper")


def load_config(path: Path, options: dict[str, Any] | None = None) -> Config:
    """Read, override, check, fill and scale a config.

    Args:
        path: The config file.
        options: ``--cfg-options``: dotted keys and values. Their first parts must
            be settings that the config has, or may have besides: ``param_scheduler``,
            ``custom_hooks`` and ``auto_scale_lr``.

    Raises:
        UserError: The file is missing or not a config, or :func:`check_config`
            refuses something in it, or it lacks what every training needs.
    """
    config = read_config(path, options)
    for name in [name for name in config if name.startswith("_")]:
        config.pop(name)  # what a file names for itself, no setting
    check_config(config)
    _drop_absent_hooks(config)
    missing = [name for name in _NEEDED if not config.get(name)]
    if missing:
        raise UserError(f"{path}: has no {', no '.join(missing)}")
    config.setdefault("default_hooks", ConfigDict())
    fill_head_width(config)
    name_scored_set(config)
    apply_epoch_scale(config)
    return config


def read_config(path: Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config file as it is, with its bases, and override what options say.

    Args:
        path: The config file.
        options: As :func:`load_config` takes them.

    Raises:
        UserError: It is missing or no config; it may raise whatever it likes. Or an
            option has no place in it.
    """
    config = _read(path)
    if options:
        _override(config, options)
    return config


def _read(path: Path) -> Config:
    if not path.is_file():
        found = (
            "a folder, expected a config file" if path.is_dir() else "no such config"
        )
        raise UserError(f"{path}: {found}")
    # A config is code: whatever it raises speaks of the config.
    try:
        # mmengine tells where a line is wrong by the name of a copy that is gone.
        if path.suffix == ".py":
            refuse_circle(path)
        return Config.fromfile(str(path))
    except UserError:
        raise
    except SyntaxError as error:
        reason = (
            f"line {error.lineno}: {error.msg}" if error.lineno else one_line(error)
        )
    except RecursionError:
        reason = "its _base_ files include each other"
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
    raise UserError(f"{path}: not a valid config ({reason})")


def _override(config: Config, options: dict[str, Any]) -> None:
    known = {key for key in config if not key.startswith("_")} | _OPTIONAL
    for key in options:
        if key.split(".")[0] not in known:
            raise UserError(
                f"--cfg-options {key}: the config has no '{key.split('.')[0]}', "
                f"expected one of {', '.join(sorted(known))}"
            )
    try:
        config.merge_from_dict(options)
    except Exception as error:
        # All are merged at once, since one may delete what another sets: which of
        # them it was, only a second try one by one can say.
        for key, value in options.items():
            try:
                config.merge_from_dict({key: value})
            except Exception:
                raise UserError(
                    f"--cfg-options {key}: can't be set to {shortened(value)}, the "
                    f"config has {_nearest(config, key)}"
                ) from None
        raise UserError(f"--cfg-options: can't be set ({one_line(error)})") from None


def _nearest(config: Config, key: str) -> str:
    """The deepest part of a dotted key that a config has, and what is there."""
    found: Any = config
    parts = key.split(".")
    for place, part in enumerate(parts):
        if isinstance(found, dict | Config) and part in found:
            found = found[part]
        elif (
            isinstance(found, list | tuple)
            and part.isdigit()
            and int(part) < len(found)
        ):
            found = found[int(part)]
        else:
            here = ".".join(parts[:place])
            if isinstance(found, list | tuple):
                return f"{len(found)} values in {here}, counted from 0"
            return f"{shortened(found)} at {here}"
    return f"{shortened(found)} there"


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
