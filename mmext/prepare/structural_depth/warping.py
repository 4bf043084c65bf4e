"""Bringing what a colour camera sees into the thermal camera's view."""

import numpy as np
from scipy.ndimage import map_coordinates, minimum_filter

from mmext.datasets.depth.calibration import CameraPair

#: A surface hides what lies this much farther behind it (relative).
TOLERANCE = 0.05


def warp_to_thermal(
    values: np.ndarray,
    depth: np.ndarray,
    pair: CameraPair,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """Sample a map of the colour view at the thermal camera's pixels.

    Every thermal pixel of known depth is put into space, projected into the colour
    image, and reads the map there (bilinearly). What the colour image does not show,
    and what another thermal pixel hides from the colour camera, is 0.

    Args:
        values: (H_rgb, W_rgb) float32 above 0, seen by the colour camera.
        depth: (H, W) float32 metres in the thermal camera, 0 where unknown.
        pair: The cameras.
        tolerance: Relative depth beyond which a pixel counts as hidden.

    Returns:
        (H, W) float32, 0 where unknown.
    """
    rows, columns = np.nonzero(depth > 0)
    u, v, distance = project(columns, rows, depth[rows, columns], pair)
    height, width = values.shape
    with np.errstate(invalid="ignore"):
        inside = (
            (distance > 0) & (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)
        )
    rows, columns = rows[inside], columns[inside]
    u, v, distance = u[inside], v[inside], distance[inside]
    nearest = _nearest(u, v, distance, values.shape, pair)
    seen = distance <= nearest * (1 + tolerance)
    result = np.zeros(depth.shape, np.float32)
    result[rows[seen], columns[seen]] = map_coordinates(
        values, (v[seen], u[seen]), order=1, mode="nearest"
    )
    return result


def project(
    columns: np.ndarray, rows: np.ndarray, depth: np.ndarray, pair: CameraPair
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thermal pixels of known depth, in the colour image.

    Args:
        columns: (P,) thermal columns; pixel centres are whole numbers.
        rows: (P,) thermal rows.
        depth: (P,) metres along the thermal camera's axis.
        pair: The cameras.

    Returns:
        (P,) columns and rows in the colour image and metres along its axis, float64.
        Points behind the camera have depth ≤ 0 and no meaningful place.
    """
    rays = np.linalg.inv(pair.k_thermal) @ np.stack(
        [columns, rows, np.ones(len(columns))]
    )
    points = pair.rotation @ (rays * depth) + pair.translation[:, None]
    distance = points[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v, _ = pair.k_rgb @ (points / distance)
    return u, v, distance


def _nearest(
    u: np.ndarray,
    v: np.ndarray,
    distance: np.ndarray,
    shape: tuple[int, int],
    pair: CameraPair,
) -> np.ndarray:
    """(P,) the least distance of any thermal pixel that covers each one's place."""
    buffer = np.full(shape, np.inf)
    place = np.round(v).astype(int), np.round(u).astype(int)
    np.minimum.at(buffer, place, distance)
    # A thermal pixel covers as many colour pixels as the focal lengths' ratio says;
    # with fewer, what is hidden would show through the gaps.
    ratio = pair.k_rgb[0, 0] / pair.k_thermal[0, 0]
    size = 2 * int(np.ceil(ratio / 2)) + 1
    return minimum_filter(buffer, size=size, mode="nearest")[place]
