"""Opening a trained checkpoint for use outside the Runner."""

import hashlib
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmext.errors import UserError
from mmext.registry import MODELS


@dataclass(frozen=True)
class LoadedModel:
    """A model with what its checkpoint says of itself.

    Attributes:
        model: The segmentor or depth estimator, in eval mode.
        config: The resolved config it was trained with.
        store: Description of the data it was trained on: for segmentation the
            tile store's ``store.json`` without ``scenes``; empty if unknown.
        path: The checkpoint file.
        sha256: The file's hash, 64 hexadecimal digits.
        epoch: Finished epochs.
    """

    model: nn.Module
    config: Config
    store: dict[str, Any]
    path: Path
    sha256: str
    epoch: int


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint as plain data (``weights_only=True``), on the CPU.

    Raises:
        UserError: The file is missing, torn, or holds more than tensors and
            plain values, or was not written by a Runner.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: no such checkpoint")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: not a readable checkpoint ({reason})") from None
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise UserError(f"{path}: has no 'state_dict', expected a Runner's checkpoint")
    return checkpoint


def load_model(
    path: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> LoadedModel:
    """Build the model that a checkpoint's own config describes and load it.

    Args:
        path: ``work_dirs/…/epoch_N.pth``.
        device: Where to put the model.

    Raises:
        UserError: The checkpoint cannot be read, or carries no config.
    """
    checkpoint = read_checkpoint(path)
    meta = checkpoint.get("meta", {})
    if "cfg" not in meta:
        raise UserError(f"{path}: carries no config, expected meta['cfg']")
    config = Config.fromstring(meta["cfg"], ".py")
    with DefaultScope.overwrite_default_scope("mmext"):
        model_config = config.model.copy()
        model_config.pop("init_cfg", None)
        model = MODELS.build(model_config)
    model.load_state_dict(checkpoint["state_dict"])
    return LoadedModel(
        model=model.to(device).eval(),
        config=config,
        store=dict((meta.get("dataset_meta") or {}).get("store") or {}),
        path=Path(path),
        sha256=_sha256(Path(path)),
        epoch=int(meta.get("epoch", 0)),
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
