"""Patterns on surfaces, fixed to them as the camera moves."""

import numpy as np


def waves(points: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """A smooth pattern in space: a sum of plane waves.

    Args:
        points: (..., 3), in units of the pattern's size.
        phases: (K, 4) numbers in [0, 1) that make the pattern this one.

    Returns:
        (...) float64, mean 0, within [−1, 1].
    """
    directions = 2 * phases[:, :3] - 1
    angles = 2 * np.pi * (points @ directions.T + phases[:, 3])
    return np.sin(angles).mean(axis=-1)
