"""Closing the gaps of a laser scanner's depth."""

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import Delaunay, QhullError

#: Corners of a triangle farther apart than this ratio of depths lie on two surfaces.
RATIO = 1.2


def fill_depth(depth: np.ndarray, reach: float, ratio: float = RATIO) -> np.ndarray:
    """Depth between measurements, where they lie on one surface.

    Inverse depth is interpolated linearly over the triangles of the measured pixels,
    which is exact on planes. Triangles whose corners lie on two surfaces, and pixels
    far from any measurement, stay unknown.

    Args:
        depth: (H, W) float metres, 0 where unknown.
        reach: Pixels; what is farther from the nearest measurement is not filled.
        ratio: Largest ratio of the depths at a triangle's corners.

    Returns:
        (H, W) float32 metres, 0 where unknown; measurements are as they were.
    """
    result = depth.astype(np.float32)
    known = depth > 0
    if reach <= 0 or known.sum() < 3 or known.all():
        return result
    wanted = ~known & (distance_transform_edt(~known) <= reach)
    try:
        mesh = Delaunay(np.argwhere(known))
    except QhullError:  # all measurements lie on one line
        return result
    places = np.argwhere(wanted)
    triangles = mesh.find_simplex(places)
    places, triangles = places[triangles >= 0], triangles[triangles >= 0]
    corners = depth[known][mesh.simplices[triangles]].astype(np.float64)
    one_surface = corners.max(axis=1) <= ratio * corners.min(axis=1)
    places, corners = places[one_surface], corners[one_surface]
    weights = _barycentric(mesh.transform[triangles[one_surface]], places)
    result[tuple(places.T)] = 1 / (weights / corners).sum(axis=1)
    return result


def _barycentric(transforms: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(P, 3) weights of the triangles' corners, from scipy's affine transforms."""
    first = np.einsum("pij,pj->pi", transforms[:, :2], places - transforms[:, 2])
    return np.column_stack([first, 1 - first.sum(axis=1)])
