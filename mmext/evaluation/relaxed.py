"""Precision and recall that forgive a distance of some pixels (Mnih 2013)."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter

from mmext.pixel_values import PROBABILITY_STEPS

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


@dataclass(frozen=True)
class RelaxedSweep:
    """Pixel counts over a set at all thresholds; add them up before taking a ratio.

    Attributes:
        predicted: (PROBABILITY_STEPS + 1,) pixels by their probability's level.
        right: Of these, pixels with a true one near.
        found: (PROBABILITY_STEPS + 1,) true pixels by the highest level near them.
        true: True pixels.
    """

    predicted: np.ndarray
    right: np.ndarray
    found: np.ndarray
    true: int

    def __add__(self, other: "RelaxedSweep") -> "RelaxedSweep":
        return RelaxedSweep(
            self.predicted + other.predicted,
            self.right + other.right,
            self.found + other.found,
            self.true + other.true,
        )

    def break_even(self) -> tuple[float, float]:
        """Precision and recall where they are nearest to each other, and where that is.

        Returns:
            Their mean, and the lowest probability that counts as target there; NaN
            where nothing is true or nothing is predicted at any threshold above 0.
        """
        predicted, right, found = (
            np.cumsum(counts[::-1])[::-1][1:]
            for counts in (self.predicted, self.right, self.found)
        )
        known = predicted > 0
        if not (self.true and known.any()):
            return float("nan"), float("nan")
        precision = right[known] / predicted[known]
        recall = found[known] / self.true
        best = int(np.argmin(np.abs(precision - recall)))
        level = int(np.flatnonzero(known)[best]) + 1
        return float(precision[best] + recall[best]) / 2, level / PROBABILITY_STEPS


def relaxed_sweep(
    truth: np.ndarray, levels: np.ndarray, valid: np.ndarray, slack: int
) -> RelaxedSweep:
    """Count pixels of one scene at all thresholds.

    Args:
        truth: (H, W) bool.
        levels: (H, W) uint8, probabilities times :data:`PROBABILITY_STEPS`.
        valid: (H, W) bool; elsewhere nothing is true, predicted or counted.
        slack: Rows and columns that a pixel may be off, in a square.
    """
    truth, levels = truth & valid, np.where(valid, levels, 0)
    size = 2 * slack + 1
    near_truth = maximum_filter(truth, size, mode="constant")
    highest = maximum_filter(levels, size, mode="constant")

    def by_level(values: np.ndarray) -> np.ndarray:
        return np.bincount(values, minlength=PROBABILITY_STEPS + 1)

    return RelaxedSweep(
        predicted=by_level(levels[valid]),
        right=by_level(levels[valid & near_truth]),
        found=by_level(highest[truth]),
        true=int(np.count_nonzero(truth)),
    )
