"""A model as a folder: weights, config and what a checkpoint knows, as data."""

import json
import pprint
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor

from mmext.checked import FileName, read_json, settings
from mmext.errors import UserError, one_line
from mmext.fileio import sha256_of

from .config_data import plain_config, read_resolved_config

WEIGHTS, CONFIG, RECORD = "model.safetensors", "config.py", "model.json"


@settings
class ModelRecord:
    """What ``model.json`` says.

    Attributes:
        format: Of this file.
        meta: The checkpoint's ``meta`` but for its config: epoch, training store,
            fitted decision.
        sha256: Of the other files, by name.
    """

    format: Literal[1]
    meta: dict[str, Any]
    sha256: dict[FileName, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]]


def is_model_folder(path: Path) -> bool:
    """Whether a path is a folder that holds a model."""
    return (path / RECORD).is_file()


def read_model_folder(folder: Path) -> dict[str, Any]:
    """Read a model's folder as what a checkpoint holds. Nothing in it is executed.

    Args:
        folder: The folder.

    Returns:
        ``meta``, with the config as ``cfg``, and ``state_dict``, on the CPU.

    Raises:
        UserError: A file is missing, damaged, not the one that was written, or no
            plain data; or safetensors is not installed.
    """
    record = read_json(folder / RECORD, ModelRecord)
    for name in (WEIGHTS, CONFIG):
        _refuse_other_content(folder / name, record)
    config = read_resolved_config(folder / CONFIG)
    weights = read_safetensors(folder / WEIGHTS)
    meta = {**record.meta, "cfg": plain_config(config)}
    return {"meta": meta, "state_dict": weights}


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read a file of weights, onto the CPU.

    Raises:
        UserError: It is missing or no such file, or safetensors is not installed.
    """
    load_file = _safetensors().load_file
    if not path.is_file():
        raise UserError(f"{path}: no such file of weights")
    try:
        weights: dict[str, Tensor] = load_file(path)
    except Exception as error:  # it has exceptions of its own
        raise UserError(f"{path}: no weights ({one_line(error)[:160]})") from None
    return weights


def write_model_files(checkpoint: Mapping[str, Any], folder: Path) -> None:
    """Write a checkpoint's weights, config and record into a folder.

    Args:
        checkpoint: ``meta`` with the config as plain values, and ``state_dict``.
        folder: An empty folder.

    Raises:
        UserError: The checkpoint holds what such files can't, or safetensors is not
            installed.
    """
    save_file = _safetensors().save_file
    weights = {
        # Of tensors that share memory it would refuse all but one.
        name.removeprefix("module."): tensor.detach().clone().contiguous()
        for name, tensor in checkpoint["state_dict"].items()
    }
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    meta = dict(checkpoint["meta"])
    config = meta.pop("cfg")
    assignments = (
        f"{key} = {pprint.pformat(value, sort_dicts=False, width=88)}\n"
        for key, value in config.items()
    )
    (folder / CONFIG).write_text("".join(assignments), encoding="utf-8")
    # safetensors lets nobody else read what it writes.
    shutil.copymode(folder / CONFIG, folder / WEIGHTS)
    record = {
        "format": 1,
        "meta": meta,
        "sha256": {name: sha256_of(folder / name) for name in (WEIGHTS, CONFIG)},
    }
    try:
        text = json.dumps(record, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UserError(f"meta: can't be written as JSON ({one_line(error)})") from None
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def _refuse_other_content(path: Path, record: ModelRecord) -> None:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    expected = record.sha256.get(path.name)
    if found != expected:
        raise UserError(
            f"{path}: damaged or changed, its SHA-256 is {found[:12]}…, {RECORD} says "
            f"{(expected or 'nothing')[:12]}…"
        )


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError:
        raise UserError(
            "safetensors: not installed; pip install 'mmext[share]'"
        ) from None
    return safetensors.torch
