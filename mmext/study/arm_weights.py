"""Which weights of a training an arm predicts with."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from mmengine.device import get_device
from pydantic import Field
from tqdm import tqdm

from mmext.checked import Count, settings
from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import checkpoints, continued_runs, last_checkpoints
from mmext.errors import UserError
from mmext.evaluation.bootstrap import iou
from mmext.inference.averaging import average_record, write_average
from mmext.inference.checkpoint import read_checkpoint

from .epoch_sums import epoch_sums, thinned

#: Where a work directory keeps what studies made of its checkpoints.
FOLDER = "study"
_Decay = Annotated[float, Field(gt=0, lt=1)]


@settings
class Weights:
    """One of four ways to choose weights other than the last checkpoint's.

    Attributes:
        mean: Uniform mean of the checkpoints kept of so many last epochs.
        ema: Exponential mean of the kept checkpoints, with this decay from one to the
            one before.
        batch_norm: The last checkpoint, its batch-norm statistics estimated anew.
        best: ``'val'``, early stopping: of the kept checkpoints, those of the trainings
            that it continues included, the first one with the highest IoU on the
            validation store, decided as trained.
        last: Of ``ema`` and ``best``, how many last epochs; None for all.
        every: Of ``best``, epochs from one that is looked at to the next, at least.
    """

    mean: Count | None = None
    ema: _Decay | None = None
    batch_norm: Literal[True] | None = None
    best: Literal["val"] | None = None
    last: Count | None = None
    every: Count | None = None

    def __post_init__(self) -> None:
        ways = (self.mean, self.ema, self.batch_norm, self.best)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("one of mean, ema, batch_norm and best")
        if self.last is not None and self.ema is None and self.best is None:
            raise ValueError("last together with ema or best only")
        if self.every is not None and self.best is None:
            raise ValueError("every together with best only")

    @property
    def name(self) -> str:
        """A file name that tells these from others."""
        stated = {f.name: getattr(self, f.name) for f in fields(self)}
        return "_".join(
            key if value is True else f"{key}_{value}"
            for key, value in stated.items()
            if value is not None
        )

    @property
    def window(self) -> int | None:
        """How many last epochs the weights are of; None for all that were kept."""
        return self.mean or self.last

    def checkpoint(self, work_dir: Path, last: Path, val: TileStore) -> Path:
        """The checkpoint with these weights; made once, and again for other files.

        Args:
            work_dir: A finished training's.
            last: Its last checkpoint.
            val: The validation store.

        Raises:
            UserError: Too few checkpoints were kept, or they can't be averaged; or the
                best of all epochs is asked for, and only the last ones were kept.
        """
        if self.batch_norm:
            return self._made([last], work_dir)
        kept = last_checkpoints(work_dir, self.window)
        if self.best:
            if self.last is None:
                kept = {**_continued(work_dir), **kept}
            epochs = thinned(kept, self.every or 1)
            if self.last is None and (late := complaint_of_late_ones(epochs)):
                raise UserError(f"{work_dir}: {late}")
            return _best([kept[epoch] for epoch in epochs], val, work_dir)
        return self._made(list(kept.values()), work_dir)

    def _made(self, paths: list[Path], work_dir: Path) -> Path:
        out = work_dir / FOLDER / f"{self.name}.pth"
        wanted = average_record(paths, self.ema)
        if not out.exists() or read_checkpoint(out)["meta"].get("average") != wanted:
            out.parent.mkdir(exist_ok=True)
            write_average(paths, out, self.ema, str(get_device()))
        return out


def complaint_of_late_ones(epochs: Sequence[int]) -> str | None:
    """What is wrong with checkpoints that should be of a whole training.

    Its beginning is as far from the first of them as they are from each other, or less.

    Args:
        epochs: Those that are looked at, rising; two at least.
    """
    if epochs[0] <= max(np.diff(epochs)):
        return None
    return (
        f"early stopping has checkpoints of epochs {epochs[0]} to {epochs[-1]} only, "
        "expected those of the whole training (default_hooks.checkpoint.max_keep_ckpts "
        "-1, of what it continues, too), or last=… in the arm's weights"
    )


def _continued(work_dir: Path) -> dict[int, Path]:
    """Checkpoints of the trainings that one continues, the oldest first."""
    return {
        epoch: path
        for run, last in continued_runs(work_dir)
        for epoch, path in sorted(checkpoints(run).items())
        if epoch <= last
    }


def _best(paths: list[Path], val: TileStore, work_dir: Path) -> Path:
    folder = work_dir / FOLDER / "val_sums"
    sums = [
        epoch_sums(path, val, folder)
        for path in tqdm(paths, desc="Early stopping", unit="checkpoint")
    ]
    totals = np.stack(sums).sum(axis=1)
    tp, _, fn = totals[0]
    if tp + fn == 0:
        raise UserError(f"{val.path}: has no target, weights are chosen by their IoU")
    return paths[int(np.argmax(iou(totals)))]
