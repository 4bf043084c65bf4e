"""Which surface each pixel sees, and how far away it is."""

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .objects import LABELS, Layout


@dataclass(frozen=True)
class View:
    """A layout as a camera sees it, without light or heat.

    Attributes:
        depth: (H, W) float64, metres along the direction of view; infinite for sky.
        index: (H, W) int, the object in the layout; −1 for sky.
        labels: (H, W) uint8, :data:`~.objects.LABELS`.
        points: (H, W, 3) float64, where the surface is met; 0 for sky.
        normals: (H, W, 3) float64, towards the camera.
        rays: (H, W, 3) float64, of length 1.
    """

    depth: np.ndarray
    index: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    rays: np.ndarray


def cast_rays(layout: Layout, camera: Camera) -> View:
    """Meet every object with every pixel's ray and keep the nearest."""
    rays = camera.rays().reshape(-1, 3)
    origin = np.asarray(camera.position, dtype=np.float64)
    depth = np.full(len(rays), np.inf)
    index = np.full(len(rays), -1)
    normals = np.zeros_like(rays)
    for number, item in enumerate(layout.objects):
        parameter, normal = item.shape.intersect(origin, rays)
        nearer = parameter < depth
        depth[nearer] = parameter[nearer]
        index[nearer] = number
        normals[nearer] = normal[nearer]
    seen = np.isfinite(depth)
    points = np.where(seen, depth, 0)[:, None] * rays + origin
    points[~seen] = 0
    # A wall of a room is met from inside.
    away = (normals * rays).sum(axis=1) > 0
    normals[away] *= -1
    kinds = np.array([LABELS[item.kind] for item in layout.objects] + [0], np.uint8)
    shape = (camera.height, camera.width)
    return View(
        depth=depth.reshape(shape),
        index=index.reshape(shape),
        labels=kinds[index].reshape(shape),
        points=points.reshape(*shape, 3),
        normals=normals.reshape(*shape, 3),
        rays=(rays / np.linalg.norm(rays, axis=1, keepdims=True)).reshape(*shape, 3),
    )
