"""Precision against recall at every threshold, exactly."""

from dataclasses import dataclass

import numpy as np

_VALUES = 1 << 16


class ScoreHistogram:
    """How often each float16 score occurs on target and on background.

    There are only 65,536 float16 values, so counting them keeps everything that a
    curve over thresholds needs, however many pixels there are.
    """

    def __init__(self) -> None:
        self.positive = np.zeros(_VALUES, np.int64)
        self.negative = np.zeros(_VALUES, np.int64)

    def add(self, score: np.ndarray, target: np.ndarray) -> None:
        """Count pixels.

        Args:
            score: float16 of any shape, not NaN.
            target: The same shape, in {0, 1, 255}; 255 is left out.
        """
        keys = _ordered(score)
        self.positive += np.bincount(keys[target == 1], minlength=_VALUES)
        self.negative += np.bincount(keys[target == 0], minlength=_VALUES)

    def curve(self) -> "PrecisionRecall":
        """The curve over all scores that occur, from high to low."""
        occurs = np.flatnonzero(self.positive + self.negative)[::-1]
        return PrecisionRecall(
            score=_values(occurs.astype(np.uint16)),
            tp=self.positive[occurs].cumsum(),
            fp=self.negative[occurs].cumsum(),
            total=int(self.positive.sum()),
        )


@dataclass(frozen=True)
class PrecisionRecall:
    """Counts of "score at least this", over falling scores.

    Attributes:
        score: (T,) float16, falling.
        tp: (T,) true positives at and above each score.
        fp: (T,) false positives.
        total: Target pixels in all.
    """

    score: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    total: int

    @property
    def precision(self) -> np.ndarray:
        """(T,) in [0, 1]."""
        return self.tp / (self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """(T,) in [0, 1]; NaN if there is no target."""
        return self.tp / self.total if self.total else np.full(len(self.tp), np.nan)

    @property
    def iou(self) -> np.ndarray:
        """(T,) in [0, 1]; NaN where nothing is predicted of nothing."""
        union = self.total + self.fp
        return np.where(union > 0, self.tp / np.maximum(union, 1), np.nan)

    @property
    def area(self) -> float:
        """Average precision: the sum of precision times the gain in recall."""
        if not len(self.tp):
            return float("nan")
        return float((self.precision * np.diff(self.recall, prepend=0.0)).sum())

    def at_recall(self, recall: float) -> int | None:
        """Index of the highest score that reaches a recall; None if none does."""
        reached = np.flatnonzero(self.recall >= recall)
        return int(reached[0]) if len(reached) else None

    def best_iou(self) -> int | None:
        """Index of the score with the highest IoU; None without pixels or target."""
        return int(np.argmax(self.iou)) if self.total and len(self.tp) else None


def _ordered(score: np.ndarray) -> np.ndarray:
    # IEEE floats sort like their bits once those of negative numbers are inverted.
    # Adding 0 makes −0 a 0.
    bits = (np.asarray(score, np.float16) + np.float16(0)).view(np.uint16)
    return np.where(bits >> 15, ~bits, bits | np.uint16(0x8000))


def _values(ordered: np.ndarray) -> np.ndarray:
    negative = (ordered >> 15) == 0
    bits = np.where(negative, ~ordered, ordered & np.uint16(0x7FFF))
    return bits.astype(np.uint16).view(np.float16)
