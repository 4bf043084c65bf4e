"""Writing a model as a folder that says what it is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.inference.checkpoint import checkpoint_config, load_model, read_checkpoint
from mmext.inference.config_data import plain_config
from mmext.inference.model_folder import is_model_folder, write_model_files

from .model_card import model_card
from .scores import found_scores
from .stac_item import ITEM, stac_item

CARD = "README.md"


def share_model(checkpoint: Path, out: Path, overwrite: bool = False) -> None:
    """Write weights, config, record, model card and STAC item of a checkpoint.

    The folder is there when all of it is, and read again before: it then holds the
    same weights and config. ``load_model`` takes it as it takes the checkpoint.

    Args:
        checkpoint: Checkpoint of a segmentor, in its work directory, whose scores the
            card has.
        out: The folder, which takes its name as the model's.
        overwrite: Replace a model's folder that is there.

    Raises:
        UserError: The checkpoint is no segmentor's, or a model's folder already, or
            holds what such a folder can't; or ``out`` is there.
    """
    if checkpoint.is_dir():
        raise UserError(f"{checkpoint}: is a model's folder, expected a checkpoint")
    _refuse_existing(out, overwrite)
    loaded = load_model(checkpoint)
    if not loaded.store:
        raise UserError(
            f"{checkpoint}: does not know its training store, expected a checkpoint of "
            "a TileDataset"
        )
    content = read_checkpoint(checkpoint)
    config = plain_config(checkpoint_config(content, checkpoint))
    content = {**content, "meta": {**content["meta"], "cfg": config}}
    scores, name = found_scores(loaded, content), out.resolve().name
    with atomic_path(out) as folder:
        folder.mkdir()
        write_model_files(content, folder)
        _refuse_other(read_checkpoint(folder), content, checkpoint)
        card = model_card(name, loaded, content, scores)
        (folder / CARD).write_text(card, encoding="utf-8")
        item = stac_item(name, loaded, content["meta"], folder)
        text = json.dumps(item, indent=2, allow_nan=False)
        (folder / ITEM).write_text(text + "\n", encoding="utf-8")


def _refuse_existing(out: Path, overwrite: bool) -> None:
    if not (out.exists() or out.is_symlink()):
        return
    if not is_model_folder(out):
        raise UserError(
            f"{out}: is there and no model's folder, expected another --out"
        )
    if not overwrite:
        raise UserError(f"{out}: is there; --overwrite replaces it")


def _refuse_other(
    found: Mapping[str, Any], expected: Mapping[str, Any], path: Path
) -> None:
    if found["meta"]["cfg"] != expected["meta"]["cfg"]:
        raise UserError(f"{path}: its config can't be written as literals")
    for name, weight in expected["state_dict"].items():
        other = found["state_dict"].get(name.removeprefix("module."))
        if other is None or other.dtype != weight.dtype or not _same(other, weight):
            raise UserError(f"{path}: {name} is another when it is read again")


def _same(first: torch.Tensor, second: torch.Tensor) -> bool:
    return first.shape == second.shape and bool(
        torch.equal(first.nan_to_num(), second.nan_to_num())
        and torch.equal(first.isnan(), second.isnan())
    )
