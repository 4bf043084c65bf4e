"""Profiles that repeat across a field."""

import numpy as np


def sharp_stripes(
    position: np.ndarray, period: np.ndarray | float, duty: float
) -> np.ndarray:
    """Bands with straight edges: nets, roofs, panels.

    Args:
        position: Metres across the field.
        period: Metres from band to band.
        duty: Share of the period that is band.

    Returns:
        1 in a band, 0 between, float32, with edges as soft as a pixel is.
    """
    phase = np.abs((position / period) % 1 - 0.5)
    return np.clip((duty / 2 - phase) * 6 + 0.5, 0, 1).astype(np.float32)


def soft_stripes(position: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Rounded ridges: furrows and beds. In [0, 1], float32."""
    return (0.5 + 0.5 * np.cos(2 * np.pi * position / period)).astype(np.float32)
