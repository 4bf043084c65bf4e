"""Where a training starts from: parents, their checkpoints and error banks."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmext.datasets.tile_store import TileStore
from mmext.engine.checkpoint import read_checkpoint
from mmext.engine.hooks.error_accumulation_hook import snapshot_name
from mmext.errors import UserError
from mmext.structures import ErrorBank

USES = ("branch", "continue", "bank")


@dataclass(frozen=True)
class Parent:
    """The link of a lineage above a config.

    Attributes:
        config_path: The parent's config file, beside the child's.
        work_dir: The parent's work directory, beside the child's.
        epoch: The parent's finished epochs to start from, already scaled.
        use: ``'branch'``, ``'continue'`` or ``'bank'``.
    """

    config_path: Path
    work_dir: Path
    epoch: int
    use: str

    @property
    def checkpoint(self) -> Path:
        """The parent's checkpoint at that epoch."""
        return checkpoint_path(self.work_dir, self.epoch)

    @property
    def snapshot(self) -> Path:
        """The parent's error bank at that epoch."""
        return self.work_dir / snapshot_name(self.epoch)

    def missing(self) -> list[Path]:
        """Files that the child needs and the parent has not made yet."""
        needed = self.snapshot if self.use == "bank" else self.checkpoint
        return [] if needed.is_file() else [needed]


def checkpoint_path(work_dir: Path, epoch: int) -> Path:
    """Where a run keeps its checkpoint after ``epoch`` epochs."""
    return work_dir / f"epoch_{epoch}.pth"


def find_parent(config: Config, config_path: Path, work_dir: Path) -> Parent | None:
    """Read a config's ``lineage``; None if it starts from nothing.

    Args:
        config: The config, with scaled epochs.
        config_path: Its file.
        work_dir: Its work directory.

    Raises:
        UserError: A key is missing or unknown, or the parent has no config.
    """
    lineage = config.get("lineage")
    if lineage is None:
        return None
    if set(lineage) != {"parent", "epoch", "use"} or lineage["use"] not in USES:
        raise UserError(
            f"{config_path}: lineage is {dict(lineage)}, expected the keys parent, "
            f"epoch and use, one of {', '.join(USES)}"
        )
    parent_config = config_path.with_name(f"{lineage['parent']}.py")
    if not parent_config.is_file():
        raise UserError(
            f"{config_path}: lineage.parent is {lineage['parent']!r}, but there is no "
            f"{parent_config}"
        )
    return Parent(
        config_path=parent_config,
        work_dir=work_dir.with_name(lineage["parent"]),
        epoch=lineage["epoch"],
        use=lineage["use"],
    )


def start_from_parent(config: Config, parent: Parent) -> None:
    """Point a config at what its parent made, in place.

    ``branch`` and ``continue`` resume the parent's checkpoint: weights, optimizer,
    epoch number and bank. A branch draws its random numbers from a seed of its
    own, made of the config's seed and its name, so that two branches of one trunk
    differ and each can be repeated. ``bank`` only adds the parent's snapshot as
    the error mask of the training set.

    Raises:
        UserError: The parent was trained on another tile store.
    """
    store = TileStore(config.train_dataloader.dataset.store)
    fingerprint = store.meta["fingerprint"]
    if parent.use == "bank":
        bank = ErrorBank.load(parent.snapshot)
        _refuse_other_store(parent.snapshot, bank.fingerprint, fingerprint)
        config.train_dataloader.dataset.error_mask = str(parent.snapshot)
        return
    meta = read_checkpoint(parent.checkpoint)["meta"]
    found = ((meta.get("dataset_meta") or {}).get("store") or {}).get("fingerprint", "")
    _refuse_other_store(parent.checkpoint, found, fingerprint)
    config.load_from = str(parent.checkpoint)
    config.resume = True


def branch_seed(seed: int, name: str) -> int:
    """A branch's seed: fixed by the experiment's seed and the branch's name."""
    words = np.random.SeedSequence((seed, zlib.crc32(name.encode())))
    return int(words.generate_state(1)[0]) & 0x7FFFFFFF


def lineage_record(parent: Parent | None) -> dict[str, Any] | None:
    """A parent as plain values, for ``run.json``."""
    if parent is None:
        return None
    return {
        "parent": parent.work_dir.name,
        "epoch": parent.epoch,
        "use": parent.use,
    }


def is_finished(work_dir: Path, max_epochs: int) -> bool:
    """Whether a run's record and last checkpoint say that it ended."""
    record = work_dir / "run.json"
    if not (record.is_file() and checkpoint_path(work_dir, max_epochs).is_file()):
        return False
    state = json.loads(record.read_text())
    return state["state"] == "finished" and state["epochs"] == max_epochs


def _refuse_other_store(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"{path}: made from tile store {found[:12] or 'unknown'}, the training "
            f"store is {expected[:12]}: train the parent on the same store"
        )
