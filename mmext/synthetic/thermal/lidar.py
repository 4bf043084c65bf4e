"""The few pixels of a depth map that a laser scanner would have measured."""

import numpy as np

_RETURN = 0.9  # share of pulses that come back
_DEVIATION = 0.02  # metres


def lidar_depth(rng: np.random.Generator, depth: np.ndarray, beams: int) -> np.ndarray:
    """Sparse, slightly noisy depth.

    Args:
        rng: For losses and noise.
        depth: (H, W) metres, 0 where there is nothing to measure.
        beams: Rows that hold measurements, evenly spread; in each every second
            pixel is measured.

    Returns:
        (H, W) float32 metres, 0 where nothing was measured.
    """
    measured = np.zeros(depth.shape, dtype=bool)
    rows = np.unique(np.linspace(0, len(depth) - 1, beams).round().astype(int))
    measured[rows, ::2] = True
    measured &= (rng.random(depth.shape) < _RETURN) & (depth > 0)
    noisy = (depth + rng.normal(0, _DEVIATION, depth.shape)).clip(min=1e-2)
    return np.where(measured, noisy, 0).astype(np.float32)
