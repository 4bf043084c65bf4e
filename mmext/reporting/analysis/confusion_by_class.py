"""What target and background were taken for, by the channel that said so."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mmext.datasets.tile_store import TileStore
from mmext.inference.class_codes import BOTH, ERROR, GROWN, NONE, TARGET
from mmext.inference.prediction_dump import PredictionDump

TRUTHS = ("background", "target")
#: By class code: what a pixel was decided to be, and which channel said so.
DECISIONS = {
    NONE: "background",
    TARGET: "target channel",
    ERROR: "error channel",
    BOTH: "both channels",
    GROWN: "grown",
}


@dataclass(frozen=True)
class TileConfusion:
    """Pixels of each tile by truth and class code.

    Attributes:
        counts: (N, 2, 5) int64: tiles, background and target, codes of ``DECISIONS``.
            Pixels without a label are not counted.
    """

    counts: np.ndarray

    @property
    def fp(self) -> np.ndarray:
        """(N,) background that was decided to be target."""
        return self.counts[:, 0, 1:].sum(axis=1)

    @property
    def fn(self) -> np.ndarray:
        """(N,) target that was not."""
        return self.counts[:, 1, NONE]

    @property
    def tp(self) -> np.ndarray:
        """(N,) target that was found."""
        return self.counts[:, 1, 1:].sum(axis=1)

    @property
    def tn(self) -> np.ndarray:
        """(N,) background that was left alone."""
        return self.counts[:, 0, NONE]

    def whole(self) -> np.ndarray:
        """(2, 5) int64 counts of all tiles."""
        return self.counts.sum(axis=0)


def confuse(dump: PredictionDump, store: TileStore) -> TileConfusion:
    """Count pixels of every tile.

    Args:
        dump: A model's answers.
        store: The tiles that they are for.
    """
    counts = np.zeros((len(dump), len(TRUTHS), len(DECISIONS)), np.int64)
    for tile in range(len(dump)):
        codes, label = dump.codes(tile), store.masks[tile]
        for truth in range(len(TRUTHS)):
            counts[tile, truth] = np.bincount(
                codes[label == truth], minlength=len(DECISIONS)
            )
    return TileConfusion(counts)


def draw_confusion(counts: np.ndarray, name: str) -> Figure:
    """Shares of each truth by what it was decided to be.

    Args:
        counts: (2, 5) int64, see :class:`TileConfusion`.
        name: The run's.
    """
    # What no pixel is, such as grown ones of a rule that does not grow, has no column.
    used = [code for code in DECISIONS if code == NONE or counts[:, code].any()]
    with np.errstate(invalid="ignore"):
        shares = counts[:, used] / counts.sum(axis=1, keepdims=True)
    figure = Figure(figsize=(1.4 * len(used) + 1.6, 2.1), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(shares.shape):
        share, count = shares[row, column], counts[row, used[column]]
        text = "–" if np.isnan(share) else f"{share:.2%}\n{count:,} px"
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, size=8)
    axes.set_xticks(range(len(used)), [DECISIONS[code] for code in used])
    axes.set_yticks(range(len(TRUTHS)), TRUTHS)
    axes.set(title=name, xlabel="decided", ylabel="label")
    axes.grid(False)
    return figure
