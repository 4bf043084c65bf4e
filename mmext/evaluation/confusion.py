"""Pixel sums of a binary segmentation and the scores made from them."""

from dataclasses import dataclass

import numpy as np


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")


@dataclass(frozen=True)
class Confusion:
    """Pixel counts over a set; add them up before taking any ratio.

    Ratios whose denominator is zero are NaN, never a flattering 1: an empty
    prediction of an empty truth has no IoU.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: "Confusion") -> "Confusion":
        return Confusion(
            self.tp + other.tp,
            self.fp + other.fp,
            self.fn + other.fn,
            self.tn + other.tn,
        )

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN) (Ahn et al. 2025, equation 1)."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP)."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN)."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> float:
        """(TP + TN) / all: of a rare target, nearly the background's share."""
        return _ratio(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def fn_tp(self) -> float:
        """FN / TP (Ahn et al. 2025, Figure 9)."""
        return _ratio(self.fn, self.tp)

    @property
    def fp_tp(self) -> float:
        """FP / TP (Ahn et al. 2025, Figure 10)."""
        return _ratio(self.fp, self.tp)

    def as_dict(self) -> dict[str, float]:
        """Counts and scores by the names used in ``history.jsonl``."""
        names = ("tp", "fp", "fn", "tn", "iou", "precision", "recall", "f1")
        return {name: getattr(self, name) for name in (*names, "fn_tp", "fp_tp")}


def confusion(predicted: np.ndarray, target: np.ndarray) -> Confusion:
    """Count pixels of any number of tiles.

    Args:
        predicted: bool, any shape.
        target: The same shape, integers in {0, 1, 255}; 255 is left out.
    """
    positive, negative = target == 1, target == 0
    tp = int(np.count_nonzero(predicted & positive))
    fp = int(np.count_nonzero(predicted & negative))
    return Confusion(
        tp=tp,
        fp=fp,
        fn=int(np.count_nonzero(positive)) - tp,
        tn=int(np.count_nonzero(negative)) - fp,
    )
