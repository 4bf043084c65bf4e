"""Outlines of labelled pixels and of windows, along pixel edges."""

from itertools import chain
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.features import shapes
from rasterio.windows import Window
from scipy import ndimage

#: Pixels hang together by their edges, not by a corner, wherever objects are counted
#: or outlined.
CONNECTIVITY = 4
#: Pixel coordinates to those of outlines where nothing says where a raster lies: rows
#: count downwards, negative, so that QGIS lays the outlines on the image.
ROWS_DOWN = rasterio.Affine.scale(1, -1)


def connected_parts(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the 4-connected parts of a mask.

    Args:
        mask: (H, W) bool.

    Returns:
        (H, W) int32, from 1 in a part and 0 outside; and how many there are.
    """
    return ndimage.label(mask, ndimage.generate_binary_structure(2, CONNECTIVITY // 4))


def label_outlines(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of each label, in pixel coordinates.

    A label may have several parts. Each is outlined by its edges: GDAL's 8-connected
    outlines touch themselves and would have to be repaired, which takes most of the
    time where much is noise; parts that are connected by edges are valid as they are,
    and so is a multipolygon of them.

    Args:
        labels: (H, W) integers of at most 32 bits; 0 is no label.

    Returns:
        (N,) int64, the labels in ascending order; and (N,) valid polygons or
        multipolygons, x columns and y rows, whole numbers.
    """
    found = list(shapes(labels.astype(np.int32), labels != 0, CONNECTIVITY))
    of = np.array([label for _, label in found], np.int64)
    parts = _polygons([outline["coordinates"] for outline, _ in found])
    order = np.argsort(of, kind="stable")
    ids, index, number = np.unique(of[order], return_inverse=True, return_counts=True)
    parts = parts[order]
    outlines = parts[np.cumsum(number) - number]
    several = number > 1
    if several.any():
        # Numbered from 0 without a gap, as shapely expects.
        rank = np.cumsum(several) - 1
        of_several = several[index]
        outlines[several] = shapely.multipolygons(
            parts[of_several], indices=rank[index[of_several]]
        )
    return ids, outlines


def mask_outline(mask: np.ndarray, transform: rasterio.Affine) -> shapely.Geometry:
    """The outline of all pixels of a mask together.

    Args:
        mask: (H, W) bool.
        transform: Pixel to CRS coordinates.

    Returns:
        A valid polygon or multipolygon, an empty one of an empty mask.
    """
    _, outlines = label_outlines(mask)
    return place(outlines[0], transform) if len(outlines) else shapely.MultiPolygon()


def window_outline(window: Window, transform: rasterio.Affine) -> shapely.Polygon:
    """The outline of a window, also on a grid that is turned or upside down.

    Args:
        window: In pixels.
        transform: Pixel to CRS coordinates.

    Returns:
        The quadrilateral from the window's upper left corner by the upper right one.
    """
    left, top = window.col_off, window.row_off
    right, bottom = left + window.width, top + window.height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return shapely.Polygon([transform * corner for corner in corners])


def place(outline: Any, transform: rasterio.Affine) -> Any:
    """Bring an outline, or an array of them, from pixel to CRS coordinates.

    One corner of a pixel always becomes the same point, whichever outline it is of.
    """
    a, b, c, d, e, f = transform[:6]

    def placed(points: np.ndarray) -> np.ndarray:
        x, y = points.T
        return np.column_stack([a * x + b * y + c, d * x + e * y + f])

    return shapely.transform(outline, placed)


def _polygons(rings: list[list[list[tuple[float, float]]]]) -> np.ndarray:
    """Polygons of lists of rings; one by one takes three times as long."""
    number = np.array([len(polygon) for polygon in rings], np.int64)
    flat = list(chain.from_iterable(rings))
    lengths = np.array([len(ring) for ring in flat], np.int64)
    points = np.array(list(chain.from_iterable(flat)), float).reshape(-1, 2)
    made = shapely.linearrings(points, indices=np.repeat(np.arange(len(flat)), lengths))
    return shapely.polygons(made, indices=np.repeat(np.arange(len(rings)), number))
