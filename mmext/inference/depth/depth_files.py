"""Writing depth so that other programs read it."""

import os

import cv2
import numpy as np

from mmext.errors import UserError
from mmext.fileio import atomic_path

_LARGEST = np.iinfo(np.uint16).max


def check_scale(scale: float, max_depth: float) -> None:
    """Refuse a 16-bit scale that cannot hold the largest depth.

    Raises:
        UserError: ``max_depth`` · ``scale`` is above 65535, or the scale not above 0.
    """
    if not scale > 0:
        raise UserError(f"--scale: is {scale}, expected above 0")
    if max_depth * scale > _LARGEST:
        raise UserError(
            f"--scale: {scale:g} a metre ends at {_LARGEST / scale:.1f} m in 16 bit, "
            f"but the model gives up to {max_depth:g} m; expected "
            f"{_LARGEST // max_depth:g} or less, or --format tiff"
        )


def write_png(
    path: str | os.PathLike[str], metres: np.ndarray, scale: float = 1000.0
) -> None:
    """Write depth as 16-bit PNG.

    Args:
        path: ``.png``.
        metres: (H, W) float; 0 stays 0, which readers take for unknown.
        scale: Stored units in a metre: 1000 for millimetres.
    """
    stored = np.round(np.asarray(metres, np.float64) * scale)
    _write(path, np.clip(stored, 0, _LARGEST).astype(np.uint16))


def write_tiff(path: str | os.PathLike[str], values: np.ndarray) -> None:
    """Write (H, W) float32 values as they are, as TIFF."""
    _write(path, np.asarray(values, np.float32))


def write_colour(path: str | os.PathLike[str], rgb: np.ndarray) -> None:
    """Write (H, W, 3) uint8 RGB as PNG."""
    _write(path, np.ascontiguousarray(rgb[:, :, ::-1]))


def _write(path: str | os.PathLike[str], image: np.ndarray) -> None:
    with atomic_path(path) as temporary:
        if not cv2.imwrite(str(temporary), image):
            raise UserError(f"{path}: cannot be written")
