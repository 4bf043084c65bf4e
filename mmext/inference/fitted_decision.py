"""A decision that was fitted to a trained model, in a copy of its checkpoint."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mmext.checked import Count, Index, Share, checked, settings
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.models import UnionDecoder

from .checkpoint import checkpoint_config, read_checkpoint
from .config_data import plain_config
from .correctness import Correctness

#: Key of the record in a checkpoint's meta.
DECISION = "decision"


@settings
class DecisionRecord:
    """Where a fitted decision comes from.

    Attributes:
        store: Path of the validation store.
        fingerprint: The store's.
        candidates: How many were compared.
        iou: Of the decision on that store.
        iou_before: Of the one that the checkpoint had before.
        correctness: The probability that an object is correct, fitted on that store's
            objects; None of too few, and of earlier versions.
        scenes: Pixels of each of that store's scenes, as the decision has them: TP, FP,
            FN, TN; none of earlier versions.
    """

    store: str
    fingerprint: str
    candidates: Count
    iou: Share
    iou_before: Share
    correctness: Correctness | None = None
    scenes: tuple[tuple[Index, Index, Index, Index], ...] = ()


def write_decided(
    source: Path, out: Path, decoder: UnionDecoder, record: DecisionRecord
) -> None:
    """Copy a checkpoint, with another decoder in its config.

    Args:
        source: The checkpoint.
        out: The file to write; an earlier fitted copy is replaced.
        decoder: The decision.
        record: Where it comes from.

    Raises:
        UserError: ``out`` is there and no such copy, or ``source`` is damaged.
    """
    refuse_original(out)
    checkpoint = read_checkpoint(source)
    config = plain_config(checkpoint_config(checkpoint, source))
    config["model"]["decoder"] = {"type": "UnionDecoder", **decoder.settings}
    meta = {**checkpoint["meta"], "cfg": config, DECISION: asdict(record)}
    with atomic_path(out) as temporary:
        torch.save({**checkpoint, "meta": meta}, temporary)


def refuse_original(out: Path) -> None:
    """Refuse to write over what is no fitted copy.

    Raises:
        UserError: ``out`` is there and was not written by :func:`write_decided`.
    """
    if out.exists() and DECISION not in read_checkpoint(out)["meta"]:
        raise UserError(
            f"{out}: is there and was not written by 'mmext fit-decision', expected "
            "another --out"
        )


def fitted_decision(
    checkpoint: Mapping[str, Any], path: Path
) -> tuple[UnionDecoder, DecisionRecord] | None:
    """The decision that a checkpoint was given after its training; None if none was.

    Args:
        checkpoint: What ``read_checkpoint`` gave.
        path: Its file, for messages.

    Raises:
        UserError: Decision or record aren't what they must be.
    """
    if DECISION not in checkpoint["meta"]:
        return None
    where = f"{path}: meta['{DECISION}']"
    record = checkpoint["meta"][DECISION]
    record = checked(DecisionRecord, record, where, strict=False)
    decoder = dict(checkpoint_config(checkpoint, path).model.get("decoder") or {})
    # Those of earlier versions have fewer.
    if decoder.pop("type", None) != "UnionDecoder" or set(decoder) - {*_SETTINGS}:
        raise UserError(f"{path}: its decoder is not what 'mmext fit-decision' writes")
    try:
        return UnionDecoder(**decoder), record
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


_SETTINGS = UnionDecoder().settings
