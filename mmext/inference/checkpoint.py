"""Opening a trained checkpoint for use outside the Runner."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from torch import nn

from mmext.errors import UserError, one_line
from mmext.fileio import sha256_of
from mmext.registry import IMPORTS, MODELS, TASK_UTILS, import_own_components

from . import weight_address  # noqa: F401 # mmengine then fetches by it
from .checkpoint_file import hashed_file, read_checkpoint_file
from .config_data import parse_config
from .correctness import Correctness, correctness_of
from .registered import refuse_unregistered

_TOOLS = {
    "BinarySegmentor": "'mmext predict' takes it",
    "DepthEstimator": "'mmext depth predict' takes it",
}


@dataclass(frozen=True)
class LoadedModel:
    """A model with what its checkpoint says of itself.

    Attributes:
        model: The segmentor or depth estimator, in eval mode.
        config: The resolved config it was trained with.
        store: Description of the data it was trained on: for segmentation the
            tile store's ``store.json`` without ``scenes``; empty if unknown.
        path: The checkpoint file, or the model's folder.
        sha256: Its hash, 64 hexadecimal digits.
        epoch: Finished epochs.
        correctness: How likely its objects are correct; None if nobody fitted that.
    """

    model: nn.Module
    config: Config
    store: dict[str, Any]
    path: Path
    sha256: str
    epoch: int
    correctness: Correctness | None = None


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a Runner's checkpoint as plain data, on the CPU.

    Raises:
        UserError: The file is missing, damaged, or holds more than tensors and
            plain values, or was not written by a Runner.
    """
    checkpoint = read_checkpoint_file(path)
    for key in ("state_dict", "meta"):
        if not isinstance(checkpoint.get(key), Mapping):
            raise UserError(
                f"{path}: has no '{key}', expected a checkpoint that a training wrote"
            )
    return checkpoint


def checkpoint_config(
    checkpoint: Mapping[str, Any], path: str | os.PathLike[str]
) -> Config:
    """The config that a checkpoint was trained with; nothing of it is executed.

    Args:
        checkpoint: What :func:`read_checkpoint` gave.
        path: Its file, for messages.

    Raises:
        UserError: It carries none, or one that is more than plain values.
    """
    config = checkpoint["meta"].get("cfg")
    if isinstance(config, str):  # as mmengine writes it
        return parse_config(config, f"{path}: meta['cfg']")
    if not isinstance(config, Mapping):
        raise UserError(f"{path}: carries no config, expected meta['cfg']")
    return Config(dict(config))


def load_model(
    path: str | os.PathLike[str],
    device: str | torch.device = "cpu",
    kind: str = "BinarySegmentor",
) -> LoadedModel:
    """Build the model that a checkpoint's own config describes and load it.

    Args:
        path: ``work_dirs/…/epoch_N.pth``, or a model's folder.
        device: Where to put the model.
        kind: What is expected, ``BinarySegmentor`` or ``DepthEstimator``.

    Raises:
        UserError: The checkpoint cannot be read, carries no config or another kind
            of model, or its weights are not those of its model.
    """
    checkpoint = read_checkpoint(path)
    meta = checkpoint["meta"]
    config = checkpoint_config(checkpoint, path)
    model = _build(config.get("model"), path)
    _refuse_other_kind(model, kind, path)
    load_weights(model, checkpoint["state_dict"], path)
    return LoadedModel(
        model=model.to(device).eval(),
        config=config,
        store=dict((meta.get("dataset_meta") or {}).get("store") or {}),
        path=Path(path),
        sha256=sha256_of(hashed_file(Path(path))),
        epoch=int(meta.get("epoch", 0)),
        correctness=correctness_of(meta, str(path)),
    )


def load_weights(
    model: nn.Module,
    weights: Mapping[str, torch.Tensor],
    path: str | os.PathLike[str],
) -> None:
    """Load all weights of a model, in place; none may be missing, left or unlike.

    Args:
        model: Not wrapped for distribution.
        weights: A state dict, also one with distribution's prefix ``module.``.
        path: Their file, for messages.

    Raises:
        UserError: They are another model's: how many differ, and the first.
    """
    weights = {name.removeprefix("module."): item for name, item in weights.items()}
    own = model.state_dict()
    # Before they are loaded: a first convolution would adapt those of other bands.
    fits = not _unlike(own, weights)
    try:
        if fits:
            model.load_state_dict(weights)
    except (RuntimeError, AttributeError, TypeError):
        fits = False
    if not fits:
        raise UserError(
            f"{path}: its weights are another model's: {_difference(own, weights)}"
        )


def _unlike(own: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Names of the weights that both have, in different shapes."""
    return [
        name
        for name in own
        if name in found and _shape(own[name]) != _shape(found[name])
    ]


def _shape(item: Any) -> str:
    dims = getattr(item, "shape", None)
    return "no tensor" if dims is None else "×".join(map(str, dims)) or "a number"


def _difference(own: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    parts = []
    unlike = _unlike(own, found)
    missing = [name for name in own if name not in found]
    left = [name for name in found if name not in own]
    if unlike:
        first = unlike[0]
        parts.append(
            f"{len(unlike)} of {len(own)} have another shape ({first} is "
            f"{_shape(found[first])}, expected {_shape(own[first])})"
        )
    if missing:
        parts.append(f"{len(missing)} are missing ({missing[0]})")
    if left:
        parts.append(f"{len(left)} have no place ({left[0]})")
    return ", ".join(parts)


def _build(config: Any, path: str | os.PathLike[str]) -> nn.Module:
    if not isinstance(config, Mapping) or "type" not in config:
        raise UserError(f"{path}: its config describes no model")
    # The weights are here: where the training took its first from doesn't matter.
    model_config = _without(config, "init_cfg")
    import_own_components()
    refuse_unregistered(
        model_config, (MODELS, TASK_UTILS), f"{path}: model", f"see {IMPORTS}"
    )
    try:
        with DefaultScope.overwrite_default_scope("mmext"):
            return MODELS.build(model_config)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    # Components of several libraries get what the file says, and may say anything.
    except Exception as error:
        raise UserError(
            f"{path}: its model can't be built ({one_line(error)[:200]})"
        ) from None


def _refuse_other_kind(
    model: nn.Module, kind: str, path: str | os.PathLike[str]
) -> None:
    if isinstance(model, MODELS.get(f"mmext.{kind}")):
        return
    found = type(model).__name__
    hint = f"; {_TOOLS[found]}" if found in _TOOLS else ""
    raise UserError(f"{path}: is of a {found}, expected a {kind}{hint}")


def _without(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return ConfigDict(
            {name: _without(item, key) for name, item in value.items() if name != key}
        )
    if isinstance(value, list | tuple):
        return type(value)(_without(item, key) for item in value)
    return value
