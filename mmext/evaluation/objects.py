"""Counting fields instead of pixels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_EIGHT_CONNECTED = np.ones((3, 3), int)


@dataclass(frozen=True)
class ObjectCounts:
    """Fields found and missed, over any number of scenes; they add up.

    Attributes:
        true_objects: Fields in the truth.
        found_objects: Those of them that the prediction covers well enough.
        predicted_objects: Fields in the prediction.
        correct_objects: Those of them that lie well enough on the truth.
    """

    true_objects: int = 0
    found_objects: int = 0
    predicted_objects: int = 0
    correct_objects: int = 0

    def __add__(self, other: "ObjectCounts") -> "ObjectCounts":
        return ObjectCounts(
            self.true_objects + other.true_objects,
            self.found_objects + other.found_objects,
            self.predicted_objects + other.predicted_objects,
            self.correct_objects + other.correct_objects,
        )

    @property
    def recall(self) -> float | None:
        """Share of true fields that are found; None if there are none."""
        return self.found_objects / self.true_objects if self.true_objects else None

    @property
    def precision(self) -> float | None:
        """Share of predicted fields that are right; None if there are none."""
        if not self.predicted_objects:
            return None
        return self.correct_objects / self.predicted_objects


def match_objects(
    true_mask: np.ndarray,
    predicted_mask: np.ndarray,
    valid: np.ndarray,
    min_cover: float = 0.5,
    min_pixels: int = 1,
) -> ObjectCounts:
    """Count the fields of one scene.

    A field is an 8-connected component. A true one is found if at least
    ``min_cover`` of its pixels are predicted, a predicted one is correct if at
    least ``min_cover`` of its pixels are true. Invalid pixels belong to no field.

    Args:
        true_mask: (H, W) bool.
        predicted_mask: (H, W) bool.
        valid: (H, W) bool.
        min_cover: Share in (0, 1].
        min_pixels: Smaller components are not counted.
    """
    truth, prediction = true_mask & valid, predicted_mask & valid
    true_objects, found = _covered(truth, prediction, min_cover, min_pixels)
    predicted, correct = _covered(prediction, truth, min_cover, min_pixels)
    return ObjectCounts(true_objects, found, predicted, correct)


def _covered(
    objects: np.ndarray, cover: np.ndarray, min_cover: float, min_pixels: int
) -> tuple[int, int]:
    labels, number = ndimage.label(objects, structure=_EIGHT_CONNECTED)
    inside = labels[objects]
    sizes = np.bincount(inside, minlength=number + 1)[1:]
    covered = np.bincount(inside, weights=cover[objects], minlength=number + 1)[1:]
    counted = sizes >= min_pixels
    return int(counted.sum()), int(
        (covered[counted] >= min_cover * sizes[counted]).sum()
    )
