"""Counting objects instead of pixels."""

from dataclasses import dataclass

import numpy as np

from mmext.raster.outlines import connected_parts


@dataclass(frozen=True)
class ObjectCounts:
    """True and predicted objects, over any number of scenes; they add up.

    Attributes:
        true_objects: Objects in the truth.
        found_objects: Those of them that the prediction covers well enough, the true
            positives.
        predicted_objects: Objects in the prediction.
        correct_objects: Those of them that lie well enough on the truth; the others
            are false positives.
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
        """Share of true objects that are found; None if there are none."""
        return self.found_objects / self.true_objects if self.true_objects else None

    @property
    def precision(self) -> float | None:
        """Share of predicted objects that are correct; None if there are none."""
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
    """Count the objects of one scene.

    An object is a connected part of a mask. A true one is found if at least
    ``min_cover`` of its pixels are predicted, a predicted one is correct if at
    least ``min_cover`` of its pixels are true. Invalid pixels belong to no object.

    Args:
        true_mask: (H, W) bool.
        predicted_mask: (H, W) bool.
        valid: (H, W) bool.
        min_cover: Share in (0, 1].
        min_pixels: Smaller objects are not counted.
    """
    truth, prediction = true_mask & valid, predicted_mask & valid
    counts = []
    for objects, others in ((truth, prediction), (prediction, truth)):
        _, sizes, shares = covered_objects(objects, others)
        shares = shares[sizes >= min_pixels]
        counts += [len(shares), int((shares >= min_cover).sum())]
    return ObjectCounts(*counts)


def covered_objects(
    mask: np.ndarray, cover: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much of each object another mask covers.

    Args:
        mask: (H, W) bool, the objects.
        cover: (H, W) bool.

    Returns:
        (H, W) int32, the objects numbered from 1; and by number − 1 their sizes in
        pixels, (N,) int64, and the share of them that is covered, (N,) float64.
    """
    labels, number = connected_parts(mask)
    inside = labels[mask]
    sizes = np.bincount(inside, minlength=number + 1)[1:]
    covered = np.bincount(inside, weights=cover[mask], minlength=number + 1)[1:]
    return labels, sizes, covered / sizes
