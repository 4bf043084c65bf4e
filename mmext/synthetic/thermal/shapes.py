"""Solids and where rays meet them."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

# A ray that starts on a surface must not meet it again.
_NEAREST = 1e-6


class Shape(Protocol):
    """A solid that can be met by rays."""

    def intersect(
        self, origin: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where rays first meet the surface.

        Args:
            origin: (3,).
            rays: (N, 3), not necessarily of length 1.

        Returns:
            The rays' parameters (N,), infinite where they miss, and outward normals
            (N, 3) of length 1, without meaning where they miss.
        """
        ...


@dataclass(frozen=True)
class Box:
    """A box, turned about the vertical; from inside, a room.

    Attributes:
        centre: (x, y, z).
        size: Along its own axes, metres.
        yaw: Radians.
    """

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw: float = 0.0

    def intersect(
        self, origin: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Shape.intersect`; by slabs (Kay & Kajiya 1986)."""
        cos_yaw, sin_yaw = math.cos(self.yaw), math.sin(self.yaw)
        to_own = np.array([[cos_yaw, sin_yaw, 0], [-sin_yaw, cos_yaw, 0], [0, 0, 1]])
        start = to_own @ (origin - np.asarray(self.centre))
        own = rays @ to_own.T
        half = np.asarray(self.size) / 2
        # A ray along a slab meets its planes at infinity.
        inverse = 1 / np.where(np.abs(own) < 1e-12, 1e-12, own)
        first, second = (-half - start) * inverse, (half - start) * inverse
        near, far = np.minimum(first, second), np.maximum(first, second)
        enter, leave = near.max(axis=1), far.min(axis=1)
        inside = enter < _NEAREST
        parameter = np.where(inside, leave, enter)
        hit = (enter <= leave) & (leave > _NEAREST)
        axis = np.where(inside, far.argmin(axis=1), near.argmax(axis=1))
        sign = np.sign(np.take_along_axis(own, axis[:, None], axis=1))[:, 0]
        normals = np.zeros_like(rays)
        # Outward of the solid: against the ray on entering, with it on leaving.
        np.put_along_axis(
            normals, axis[:, None], np.where(inside, sign, -sign)[:, None], axis=1
        )
        return np.where(hit, parameter, np.inf), normals @ to_own


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the world's axes.

    Attributes:
        centre: (x, y, z).
        radii: Half axes, metres.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]

    def intersect(
        self, origin: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Shape.intersect`; the camera is outside."""
        radii = np.asarray(self.radii)
        start = (origin - np.asarray(self.centre)) / radii
        unit = rays / radii
        parameter = _smaller_root(
            (unit**2).sum(axis=1), unit @ start, start @ start - 1
        )
        surface = start + np.where(np.isfinite(parameter), parameter, 0)[:, None] * unit
        normals = surface / radii
        return parameter, normals / np.linalg.norm(normals, axis=1, keepdims=True)


@dataclass(frozen=True)
class Cylinder:
    """A vertical cylinder, closed above.

    Attributes:
        base: (x, y, z) of the middle of its foot.
        radius: Metres.
        height: Metres.
    """

    base: tuple[float, float, float]
    radius: float
    height: float

    def intersect(
        self, origin: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Shape.intersect`; the camera is outside."""
        start = origin - np.asarray(self.base)
        flat = rays[:, :2]
        side = _smaller_root(
            (flat**2).sum(axis=1),
            flat @ start[:2],
            start[:2] @ start[:2] - self.radius**2,
        )
        level = start[2] + np.where(np.isfinite(side), side, 0) * rays[:, 2]
        side = np.where((level >= 0) & (level <= self.height), side, np.inf)
        falls = np.where(np.abs(rays[:, 2]) < 1e-12, 1e-12, rays[:, 2])
        top = (self.height - start[2]) / falls
        off_axis = start[:2] + top[:, None] * flat
        on_top = (top > _NEAREST) & ((off_axis**2).sum(axis=1) <= self.radius**2)
        top = np.where(on_top, top, np.inf)
        parameter = np.minimum(side, top)
        normals = np.zeros_like(rays)
        reach = np.where(np.isfinite(side), side, 0)[:, None]
        normals[:, :2] = (start[:2] + reach * flat) / self.radius
        normals[top < side] = (0, 0, 1)
        return parameter, normals


def _smaller_root(a: np.ndarray, half_b: np.ndarray, c: float) -> np.ndarray:
    """The smaller positive root of a t² + 2 b t + c, infinite where there is none."""
    a = np.maximum(a, 1e-12)
    discriminant = half_b**2 - a * c
    root = (-half_b - np.sqrt(np.maximum(discriminant, 0))) / a
    return np.where((discriminant >= 0) & (root > _NEAREST), root, np.inf)
