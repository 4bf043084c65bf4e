"""What land looks like from near: smooth random fields, and stripes."""

import numpy as np
from scipy import ndimage


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], scale: float
) -> np.ndarray:
    """A random field with features of about ``scale`` pixels.

    Drawn on a coarse grid and interpolated by cubic splines, so that the cost does
    not grow with the scale.

    Args:
        rng: Source of randomness.
        shape: (H, W).
        scale: Pixels, at least 1.

    Returns:
        (H, W) float32 of mean about 0 and deviation about 1.
    """
    coarse = [int(np.ceil(side / scale)) + 4 for side in shape]
    field = rng.standard_normal(coarse).astype(np.float32)
    if scale <= 1:
        return field[: shape[0], : shape[1]]
    large = ndimage.zoom(field, scale, order=3, mode="nearest", grid_mode=True)
    offset = int(scale * 1.5)
    cut = large[offset : offset + shape[0], offset : offset + shape[1]]
    return cut / (cut.std() + 1e-6)


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
