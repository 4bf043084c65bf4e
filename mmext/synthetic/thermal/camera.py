"""A pinhole camera and the rays of its pixels."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in a world with z up, in metres.

    Attributes:
        height: Rows.
        width: Columns.
        focal: Focal length, pixels.
        position: (x, y, z) of the camera.
        yaw: Direction of view, radians from the x axis towards y.
        pitch: Radians above the horizon.
    """

    height: int
    width: int
    focal: float
    position: tuple[float, float, float]
    yaw: float
    pitch: float = 0.0

    def rays(self) -> np.ndarray:
        """One ray per pixel centre.

        Returns:
            (H, W, 3) float64, of length 1 along the direction of view: a ray's
            parameter is the depth.
        """
        cos_yaw, sin_yaw = math.cos(self.yaw), math.sin(self.yaw)
        cos_pitch, sin_pitch = math.cos(self.pitch), math.sin(self.pitch)
        forward = np.array([cos_yaw * cos_pitch, sin_yaw * cos_pitch, sin_pitch])
        right = np.array([sin_yaw, -cos_yaw, 0.0])
        down = np.cross(forward, right)
        rows, columns = np.mgrid[: self.height, : self.width].astype(np.float64)
        x = (columns - (self.width - 1) / 2) / self.focal
        y = (rows - (self.height - 1) / 2) / self.focal
        return forward + x[..., None] * right + y[..., None] * down
