"""What a checkpoint scores on the test tiles: per tile, and at every threshold."""

from dataclasses import dataclass

import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.inference.prediction_dump import PredictionDump

from .confusion import Confusion, confusion
from .precision_recall import PrecisionRecall, ScoreHistogram

CHUNK = 32


@dataclass(frozen=True)
class TileScores:
    """A method's pixel counts on the test tiles.

    Attributes:
        curve: Over all thresholds of its score.
        by_tile: (N, 3) TP, FP and FN of each tile, as the model's decoder decides.
    """

    curve: PrecisionRecall
    by_tile: np.ndarray

    @property
    def counts(self) -> Confusion:
        """Of the whole set; TN are not counted."""
        return Confusion(*self.by_tile.sum(axis=0).tolist())


def score_tiles(dump: PredictionDump, store: TileStore) -> dict[str, TileScores]:
    """Score the first channel, and with several channels their union.

    The union's score is the highest of its channels': one threshold for all. What is
    decided comes from the decoder with its own thresholds.

    Args:
        dump: The answers.
        store: The tiles that they are for.

    Returns:
        ``target`` and, with several channels, ``union``.
    """
    first = dump.channels[0]
    names = ("target", "union") if len(dump.channels) > 1 else ("target",)
    histograms = {name: ScoreHistogram() for name in names}
    counts = {name: np.zeros((len(dump), 3), np.int64) for name in names}
    for start in range(0, len(dump), CHUNK):
        span = slice(start, start + CHUNK)
        logits, masks = np.asarray(dump.logits[span]), np.asarray(store.masks[span])
        histograms["target"].add(logits[:, 0], masks)
        if "union" in histograms:
            histograms["union"].add(logits.max(axis=1), masks)
        for tile, mask in enumerate(masks, start=start):
            decided = dump.mask(tile)
            if "union" in counts:
                counts["union"][tile] = _counts(decided, mask)
                decided = dump.decided(tile)[first]
            counts["target"][tile] = _counts(decided, mask)
    return {name: TileScores(histograms[name].curve(), counts[name]) for name in names}


def _counts(predicted: np.ndarray, truth: np.ndarray) -> tuple[int, int, int]:
    counts = confusion(predicted, truth)
    return counts.tp, counts.fp, counts.fn
