"""Depth in colours, to look at."""

import cv2
import numpy as np
from matplotlib import colormaps

#: Near is light, far is dark; evenly spaced to the eye and to those who see no colour.
COLOURS = "magma_r"
_BAR, _TEXT = 12, 54


def preview(
    thermal: np.ndarray, metres: np.ndarray, limits: tuple[float, float] | None = None
) -> np.ndarray:
    """Thermal image, depth in colours and the colours' scale, side by side.

    Args:
        thermal: (H, W) float in [0, 1].
        metres: (H, W) float depth.
        limits: Depths at the ends of the scale, metres; None takes 1 and 99 % of this
            image, so that colours of two images do not compare.

    Returns:
        (H, 2 W + 66, 3) uint8 RGB.
    """
    if limits is None:
        low, high = np.percentile(metres, (1, 99))
        limits = (float(low), float(high))
    grey = np.repeat(np.round(thermal[..., None] * 255).astype(np.uint8), 3, axis=2)
    return np.hstack([grey, colour(metres, limits), _scale(len(metres), limits)])


def colour(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Values as (H, W, 3) uint8 RGB; what lies outside the limits takes their colour.

    Args:
        values: (H, W) float.
        limits: Values at the ends of the scale.
    """
    low, high = limits
    share = (values - low) / max(high - low, 1e-9)
    picture = colormaps[COLOURS](np.clip(share, 0, 1), bytes=True)
    return picture[..., :3]


def _scale(height: int, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    bar = np.repeat(np.linspace(low, high, height)[:, None], _BAR, axis=1)
    text = np.full((height, _TEXT, 3), 255, np.uint8)
    lines = 3 if height >= 48 else 2
    for line in range(lines):
        share = line / (lines - 1)
        place = (4, int(10 + share * (height - 13)))
        value = f"{low + share * (high - low):.2f} m"
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(text, value, place, font, 0.33, (0, 0, 0), 1, cv2.LINE_AA)
    return np.hstack([colour(bar, limits), text])
