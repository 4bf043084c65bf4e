"""Where a training starts from: parents, their checkpoints and error banks."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmext.datasets.sample_store import open_store
from mmext.engine.build_config import load_config
from mmext.engine.config_bases import find_beside
from mmext.engine.epoch_scale import all_hooks
from mmext.engine.work_dir import (
    RUN_RECORD,
    checkpoint_path,
    read_run_record,
    snapshot_path,
)
from mmext.errors import UserError
from mmext.inference.checkpoint import read_checkpoint
from mmext.structures import read_bank_meta, refuse_other_store

USES = ("branch", "continue", "bank")


@dataclass(frozen=True)
class Parent:
    """The link of a lineage above a config.

    Attributes:
        config_path: The parent's config file, beside the child's or its base's.
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
        return snapshot_path(self.work_dir, self.epoch)

    def missing(self) -> list[Path]:
        """Files that the child needs and the parent has not made yet."""
        needed = self.snapshot if self.use == "bank" else self.checkpoint
        return [] if needed.is_file() else [needed]

    def is_unfinished(self) -> bool:
        """Whether its training was begun, and was killed or failed."""
        if not (self.work_dir / RUN_RECORD).exists():
            return False
        try:
            state = read_run_record(self.work_dir)["state"]
        except UserError:
            return True  # as is_finished says
        return state in ("running", "failed")


def find_parents(config: Config, config_path: Path, work_dir: Path) -> list[Parent]:
    """Read a config's ``lineage``; empty if it starts from nothing.

    ``parent`` is a name; with ``use='bank'`` it may be a list of names, whose banks
    are put together.

    Args:
        config: The config, with scaled epochs.
        config_path: Its file.
        work_dir: Its work directory.

    Raises:
        UserError: A key is missing or unknown, the parent has no config, the lineage
            comes back to a config, or this training would end where it starts.
    """
    lineage = config.get("lineage")
    if lineage is None:
        return []
    if set(lineage) != {"parent", "epoch", "use"} or lineage["use"] not in USES:
        raise UserError(
            f"{config_path}: lineage is {dict(lineage)}, expected the keys parent, "
            f"epoch and use, one of {', '.join(USES)}"
        )
    found = lineage["parent"]
    names = [found] if isinstance(found, str) else list(found)
    if len(names) != 1 and (not names or lineage["use"] != "bank"):
        raise UserError(
            f"{config_path}: lineage.parent names {len(names)} parents, expected one "
            "(or several with use='bank')"
        )
    parents = []
    for name in names:
        if not name or Path(name).name != name:
            raise UserError(
                f"{config_path}: lineage.parent is {name!r}, expected the name of a "
                "config beside it"
            )
        parent_config = find_beside(config_path, name)
        if not parent_config.is_file():
            raise UserError(
                f"{config_path}: lineage.parent is {name!r}, but there is no "
                f"{parent_config}"
            )
        parents.append(
            Parent(
                config_path=parent_config,
                work_dir=work_dir.with_name(name),
                epoch=lineage["epoch"],
                use=lineage["use"],
            )
        )
    last = config.train_cfg.max_epochs
    if lineage["use"] != "bank" and last <= lineage["epoch"]:
        raise UserError(
            f"{config_path}: train_cfg.max_epochs is {last}, expected more than the "
            f"{lineage['epoch']} epochs that {names[0]} begins it with"
        )
    _refuse_circle([config_path], names)
    return parents


def _refuse_circle(path: list[Path], names: list[str]) -> None:
    for name in names:
        parent = find_beside(path[0], name)
        if parent in path:
            circle = " → ".join(step.stem for step in [*path, parent])
            raise UserError(f"{path[0]}: its lineage is a circle, {circle}")
        above = (load_config(parent).get("lineage") or {}).get("parent", [])
        _refuse_circle([*path, parent], [above] if isinstance(above, str) else above)


def refuse_unreachable(parent: Parent, config: Config) -> None:
    """Refuse to train a parent that will not leave what the child needs.

    Args:
        parent: The parent.
        config: Its config, with scaled epochs.

    Raises:
        UserError: It ends earlier, doesn't keep that epoch's checkpoint, or writes
            no bank then.
    """
    last = config.train_cfg.max_epochs
    if parent.use == "bank":
        kept, begin = _snapshots(config, last)
        what = f"its bank of epoch {parent.epoch} (it accumulates after {begin})"
    else:
        kept = _kept_checkpoints(config, last)
        what = f"its checkpoint of epoch {parent.epoch}"
    if parent.epoch not in kept:
        found = ", ".join(map(str, kept)) or "none"
        raise UserError(
            f"{parent.config_path}: trains {last} epochs and leaves those of "
            f"{found}, lineage.epoch expects {what}"
        )


def _snapshots(config: Config, last: int) -> tuple[list[int], str]:
    for hook in all_hooks(config):
        if hook["type"] == "ErrorAccumulationHook":
            begin = hook.get("begin", 100)
            written = {*hook.get("snapshots", ()), last}
            first = begin if isinstance(begin, int) else 0
            return sorted(e for e in written if first < e <= last), str(begin)
    return [], "no epoch"


def _kept_checkpoints(config: Config, last: int) -> list[int]:
    for hook in all_hooks(config):
        if hook["type"] == "AtomicCheckpointHook":
            interval, keep = hook.get("interval", 1), hook.get("max_keep_ckpts", 2)
            saved = sorted({*range(interval, last + 1, interval), last})
            return saved[-keep:] if keep > 0 else saved
    return []


def start_from_parents(config: Config, parents: list[Parent]) -> None:
    """Point a config at what its parents made, in place.

    ``branch`` and ``continue`` resume the parent's checkpoint: weights, optimizer,
    epoch number and bank. A branch draws its random numbers from a seed of its
    own, made of the config's seed and its name, so that two branches of one trunk
    differ and each can be repeated. ``bank`` only adds the parents' snapshots as
    the error mask of the training set.

    Raises:
        UserError: A parent was trained on another tile store, or its checkpoint is
            damaged.
    """
    if parents[0].use == "bank":
        store = open_store(config.train_dataloader.dataset.store)
        for parent in parents:
            # The data set loads the rest, once.
            found = read_bank_meta(parent.snapshot)["fingerprint"]
            refuse_other_store(str(parent.snapshot), found, store.fingerprint)
        snapshots = [str(parent.snapshot) for parent in parents]
        config.train_dataloader.dataset.error_mask = (
            snapshots[0] if len(snapshots) == 1 else snapshots
        )
        return
    resume_from(config, parents[0].checkpoint)


def resume_from(config: Config, checkpoint: Path) -> None:
    """Point a config at a checkpoint to go on from, in place.

    Raises:
        UserError: It is damaged, was made on another tile store, or the config ends
            earlier.
    """
    meta = read_checkpoint(checkpoint)["meta"]
    if meta.get("epoch", 0) > config.train_cfg.max_epochs:
        raise UserError(
            f"{checkpoint}: has {meta['epoch']} epochs behind it, train_cfg.max_epochs "
            f"is {config.train_cfg.max_epochs}"
        )
    dataset = config.train_dataloader.dataset
    if "store" in dataset:
        about = (meta.get("dataset_meta") or {}).get("store") or {}
        expected = open_store(dataset.store).fingerprint
        refuse_other_store(str(checkpoint), about.get("fingerprint", ""), expected)
    config.load_from = str(checkpoint)
    config.resume = True


def branch_seed(seed: int, name: str) -> int:
    """A branch's seed: fixed by the experiment's seed and the branch's name."""
    words = np.random.SeedSequence((seed, zlib.crc32(name.encode())))
    return int(words.generate_state(1)[0]) & 0x7FFFFFFF


def lineage_record(parents: list[Parent]) -> dict[str, Any] | None:
    """Parents as plain values, for ``run.json``; None without any."""
    if not parents:
        return None
    names = [parent.work_dir.name for parent in parents]
    return {
        "parent": names[0] if len(names) == 1 else names,
        "epoch": parents[0].epoch,
        "use": parents[0].use,
    }


def is_finished(work_dir: Path, max_epochs: int) -> bool:
    """Whether a run's record and last checkpoint say that it ended.

    One that a hook stopped early has ended. A record that can't be read is said and
    taken for none: the run then goes on from its last checkpoint and writes it anew.
    """
    if not (work_dir / RUN_RECORD).exists():
        return False
    try:
        record = read_run_record(work_dir)
    except UserError as error:
        print(f"{error}; taken for a run that has not ended")
        return False
    if record["epochs"] != max_epochs:
        return False
    if record["state"] == "stopped early":
        max_epochs = record.get("trained_epochs", max_epochs)
    elif record["state"] != "finished":
        return False
    return checkpoint_path(work_dir, max_epochs).is_file()
