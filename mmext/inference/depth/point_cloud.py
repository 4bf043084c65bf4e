"""Points in space from depth, as a PLY file."""

import os

import numpy as np

from mmext.checked import Finite, Positive, settings
from mmext.fileio import atomic_path

_VERTEX = np.dtype(
    [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("r", "u1"), ("g", "u1"), ("b", "u1")]
)


@settings
class Intrinsics:
    """A pinhole camera, pixels; pixel centres are whole numbers.

    Attributes:
        fx: Focal length along rows.
        fy: Focal length along columns.
        cx: Column of the optical axis.
        cy: Row of the optical axis.
    """

    fx: Positive
    fy: Positive
    cx: Finite
    cy: Finite


def to_points(metres: np.ndarray, camera: Intrinsics) -> np.ndarray:
    """Pixels as points: x right, y down, z forward.

    Args:
        metres: (H, W) depth along z; 0 means unknown.
        camera: The thermal camera.

    Returns:
        (P, 3) float32 metres, of the pixels with depth, row by row.
    """
    rows, columns = np.nonzero(metres > 0)
    z = metres[rows, columns].astype(np.float64)
    x = (columns - camera.cx) / camera.fx * z
    y = (rows - camera.cy) / camera.fy * z
    return np.stack([x, y, z], axis=1).astype(np.float32)


def write_ply(
    path: str | os.PathLike[str],
    metres: np.ndarray,
    thermal: np.ndarray,
    camera: Intrinsics,
) -> None:
    """Write a binary PLY of points, grey by the thermal image.

    Args:
        path: ``.ply``.
        metres: (H, W) depth; 0 means unknown.
        thermal: (H, W) float in [0, 1].
        camera: The thermal camera.
    """
    points = to_points(metres, camera)
    vertices = np.empty(len(points), _VERTEX)
    for axis, name in enumerate("xyz"):
        vertices[name] = points[:, axis]
    grey = np.round(thermal[metres > 0] * 255).astype(np.uint8)
    for name in "rgb":
        vertices[name] = grey
    header = (
        "ply\nformat binary_little_endian 1.0\ncomment metres, x right, y down, z "
        f"forward\nelement vertex {len(points)}\nproperty float x\nproperty float y\n"
        "property float z\nproperty uchar red\nproperty uchar green\nproperty uchar "
        "blue\nend_header\n"
    )
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(header.encode("ascii"))
        file.write(vertices.tobytes())
