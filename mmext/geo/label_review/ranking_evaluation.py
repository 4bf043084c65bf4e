"""How well a ranking finds planted label errors."""

import geopandas
import numpy as np


def hits(
    ranked: geopandas.GeoDataFrame,
    planted: geopandas.GeoDataFrame,
    min_overlap: float = 0.3,
) -> np.ndarray:
    """Which candidates are planted errors; each planted one is found once.

    Args:
        ranked: Candidates, best first.
        planted: The errors made.
        min_overlap: Least common area, as a share of the smaller of the two.

    Returns:
        (N,) bool.
    """
    left = set(range(len(planted)))
    errors = planted.to_crs(ranked.crs).geometry.tolist()
    found = np.zeros(len(ranked), bool)
    for index, candidate in enumerate(ranked.geometry):
        for error in sorted(left):
            common = candidate.intersection(errors[error]).area
            if common >= min_overlap * min(candidate.area, errors[error].area):
                found[index] = True
                left.remove(error)
                break
    return found


def precision_at(found: np.ndarray, k: int) -> float:
    """Share of hits among the first k candidates; fewer than k count as misses."""
    return float(found[:k].sum() / k)


def average_precision(found: np.ndarray, planted: int) -> float:
    """Sum of precision at each hit over the number of planted errors."""
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].sum() / planted) if planted else float("nan")
