"""Leaving out components that are too small or too ragged, and filling holes."""

import numpy as np
from scipy.ndimage import label

from mmext.raster.outlines import connected_parts

_EIGHT = np.ones((3, 3), bool)


def filter_shapes(
    mask: np.ndarray,
    min_area: int = 0,
    max_hole: int = 0,
    min_compactness: float = 0.0,
) -> np.ndarray:
    """Fill small holes, and keep the 4-connected components that are field-like.

    Args:
        mask: (H, W) bool.
        min_area: Smaller components go, in pixels.
        max_hole: Holes up to this size are filled, in pixels.
        min_compactness: Components with 4 π · area / perimeter² below this go, in
            [0, 1]. The perimeter runs along the pixels' edges: a square has 0.79.

    Returns:
        (H, W) bool.
    """
    result = mask.copy()
    if max_hole:
        holes, number = label(~mask, _EIGHT)
        small = np.bincount(holes.ravel(), minlength=number + 1) <= max_hole
        edge = np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])
        small[edge] = False  # open to the outside
        small[0] = False
        result |= small[holes]
    if min_area > 1 or min_compactness > 0:
        result = _field_like(result, min_area, min_compactness)
    return result


def _field_like(mask: np.ndarray, min_area: int, min_compactness: float) -> np.ndarray:
    labels, number = connected_parts(mask)
    area = np.bincount(labels.ravel(), minlength=number + 1)
    kept = area >= min_area
    if min_compactness > 0:
        perimeter = _perimeters(labels, number)
        compactness = 4 * np.pi * area / np.maximum(perimeter, 1) ** 2
        kept &= compactness >= min_compactness
    kept[0] = False
    return kept[labels]


def _perimeters(labels: np.ndarray, number: int) -> np.ndarray:
    padded = np.pad(labels, 1)
    total = np.zeros(number + 1, np.int64)
    for axis in (0, 1):
        before = np.moveaxis(padded, axis, 0)[:-1]
        after = np.moveaxis(padded, axis, 0)[1:]
        differs = before != after
        for side in (before, after):
            total += np.bincount(side[differs], minlength=number + 1)
    return total
