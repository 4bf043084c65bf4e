"""Precision and recall that forgive a distance of some pixels (Mnih 2013)."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter

from .confusion import Confusion


@dataclass(frozen=True)
class RelaxedCounts:
    """Pixel counts over a set; add them up before taking any ratio.

    Attributes:
        right: Predicted pixels with a true one near.
        predicted: Predicted pixels.
        found: True pixels with a predicted one near.
        true: True pixels.
    """

    right: int = 0
    predicted: int = 0
    found: int = 0
    true: int = 0

    def __add__(self, other: "RelaxedCounts") -> "RelaxedCounts":
        return RelaxedCounts(
            self.right + other.right,
            self.predicted + other.predicted,
            self.found + other.found,
            self.true + other.true,
        )

    def as_dict(self) -> dict[str, float]:
        """Precision, recall and F1; NaN where there is nothing to be right about."""
        precision = Confusion(self.right, self.predicted - self.right).precision
        recall = Confusion(self.found, fn=self.true - self.found).recall
        both = precision + recall
        f1 = 2 * precision * recall / both if both else float("nan")
        return {"precision": precision, "recall": recall, "f1": f1}


def relaxed_counts(
    truth: np.ndarray, predicted: np.ndarray, valid: np.ndarray, slack: int
) -> RelaxedCounts:
    """Count pixels of one scene.

    Args:
        truth: (H, W) bool.
        predicted: (H, W) bool.
        valid: (H, W) bool; elsewhere nothing is true, predicted or counted.
        slack: Rows and columns that a pixel may be off, in a square.
    """
    truth, predicted = truth & valid, predicted & valid
    near_truth = maximum_filter(truth, 2 * slack + 1, mode="constant")
    near_predicted = maximum_filter(predicted, 2 * slack + 1, mode="constant")
    return RelaxedCounts(
        right=int(np.count_nonzero(predicted & near_truth)),
        predicted=int(np.count_nonzero(predicted)),
        found=int(np.count_nonzero(truth & near_predicted)),
        true=int(np.count_nonzero(truth)),
    )
