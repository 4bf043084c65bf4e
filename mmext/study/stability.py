"""How steady an arm is over its last epochs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mmext.checked import Count, settings
from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import last_checkpoints
from mmext.errors import UserError
from mmext.evaluation.bootstrap import iou, iou_deviation

from .arm_weights import FOLDER
from .epoch_sums import epoch_sums, thinned

#: Of fewer, a standard deviation says next to nothing.
MIN_EPOCHS = 3


@settings
class StabilityWindow:
    """Which epochs count.

    Attributes:
        last: How many epochs back from the end.
        every: Epochs from one that is scored to the next, at least.
    """

    last: Count
    every: Count = 1


@dataclass(frozen=True)
class EpochScores:
    """A training's checkpoints on the test store, decided as trained.

    Attributes:
        epochs: (E,) rising.
        sums: (E, U, 3) TP, FP and FN of each scene.
    """

    epochs: np.ndarray
    sums: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """(E,) of the whole store."""
        return iou(self.sums.sum(axis=1))

    @property
    def deviation(self) -> float:
        """Standard deviation of the IoU over epochs (n − 1)."""
        return float(iou_deviation(self.sums.sum(axis=1)))


def score_epochs(
    work_dirs: Mapping[str, list[Path]], window: StabilityWindow, test: TileStore
) -> dict[str, list[EpochScores]]:
    """Score the last epochs of trainings.

    Args:
        work_dirs: Of each arm, those of its seeds.
        window: Which epochs.
        test: The test store.

    Returns:
        The same arms and seeds.

    Raises:
        UserError: A training has kept too few checkpoints, or others than the rest: a
            deviation over ten epochs is not to be compared with one over forty.
    """
    found = {
        work_dir: _checkpoints_of(work_dir, window)
        for seeds in work_dirs.values()
        for work_dir in seeds
    }
    _refuse_unlike(found)
    scored = {}
    total = sum(map(len, found.values()))
    with tqdm(total=total, desc="Scoring epochs", unit="checkpoint") as progress:
        for work_dir, kept in found.items():
            sums = []
            for path in kept.values():
                folder = work_dir / FOLDER / "test_sums"
                sums.append(epoch_sums(path, test, folder))
                progress.update()
            scored[work_dir] = EpochScores(np.array(list(kept)), np.stack(sums))
    return {
        arm: [scored[work_dir] for work_dir in seeds]
        for arm, seeds in work_dirs.items()
    }


def _checkpoints_of(work_dir: Path, window: StabilityWindow) -> dict[int, Path]:
    kept = last_checkpoints(work_dir, window.last)
    return {epoch: kept[epoch] for epoch in thinned(kept, window.every)}


def _refuse_unlike(found: Mapping[Path, Mapping[int, Path]]) -> None:
    first: tuple[Path, list[int]] | None = None
    for work_dir, kept in found.items():
        before_end = [epoch - max(kept) for epoch in kept]
        if len(kept) < MIN_EPOCHS:
            raise UserError(
                f"{work_dir}: keeps {len(kept)} checkpoints that stability asks for, "
                f"expected at least {MIN_EPOCHS}; default_hooks.checkpoint says which "
                "a training keeps (interval, max_keep_ckpts)"
            )
        first = first or (work_dir, before_end)
        if before_end != first[1]:
            raise UserError(
                f"{work_dir}: its kept checkpoints lie {_text(before_end)} epochs from "
                f"its end, those of {first[0]} {_text(first[1])}, expected the same "
                "(default_hooks.checkpoint)"
            )


def _text(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)).replace("-", "−")
