"""Objects that cross the border of two sheets, made whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import rasterio
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.errors import UserError
from mmext.raster.ground_area import ground_area
from mmext.raster.outlines import place

#: Sheets that lie within this share of a pixel share an edge. Grids cut from web
#: tiles are off by rounding (1e-8 of a pixel), those of other programs by more.
TOLERANCE = 0.1
#: Of a piece that one object has within the tolerance of another, the length around:
#: 0.4 of a pixel at a corner, 2 and more along a pixel's edge.
_CONTACT = 0.6
#: Objects that lie this many pixels from all other sheets are nobody's neighbours, and
#: no pixel beside them is another sheet's.
_FAR = 2


@dataclass(frozen=True)
class Sheet:
    """A mapped sheet.

    Attributes:
        objects: Its objects.
        transform: Its grid's pixel to CRS coordinates.
        height: Rows.
        width: Columns.
    """

    objects: geopandas.GeoDataFrame
    transform: rasterio.Affine
    height: int
    width: int

    def is_on_grid_of(self, other: "Sheet") -> bool:
        """Whether the pixels of both are parts of one grid, up to the tolerance."""
        to_other = ~other.transform * self.transform
        rows, columns = [0, 0, self.height], [0, self.width, 0]
        corners = np.column_stack([columns, rows])
        there = np.array([to_other * (float(x), float(y)) for x, y in corners])
        whole = corners + np.rint(there[0])
        return bool(np.abs(there - whole).max() < TOLERANCE)


def surroundings(outlines: Sequence[shapely.Polygon], pixel: float) -> shapely.STRtree:
    """Where each sheet has to do with the objects of others.

    Args:
        outlines: Of all sheets' grids.
        pixel: Side of the largest pixel in CRS units.
    """
    margin = _FAR * pixel
    left, bottom, right, top = shapely.bounds(outlines).T
    return shapely.STRtree(
        shapely.box(left - margin, bottom - margin, right + margin, top + margin)
    )


def near_another(
    objects: geopandas.GeoDataFrame, own: int, sheets: shapely.STRtree
) -> np.ndarray:
    """Which objects of a sheet may be part of what another sheet holds.

    All others stay as they are, whatever the other sheets hold.

    Args:
        objects: A sheet's objects.
        own: Which sheet.
        sheets: The :func:`surroundings` of all.

    Returns:
        (N,) bool.
    """
    found, sheet = sheets.query(objects.geometry.to_numpy())
    near = np.zeros(len(objects), bool)
    near[found[sheet != own]] = True
    return near


def merge_sheets(sheets: Sequence[Sheet]) -> geopandas.GeoDataFrame:
    """Put the objects of many sheets into one table.

    Objects of different sheets that overlap or share a piece of border become one,
    with the area of their union, the mean probability weighted by pixels, the highest
    probability, and all their sheets and sources. Objects of one sheet stay as they
    are, and so do objects that meet in a corner.

    Where all sheets are parts of one grid, the outcome is that of the whole scene as
    one sheet. Sheets on another grid than the first one's (turned, shifted, of other
    pixels) are joined where they come within a tenth of the first one's pixel.

    Args:
        sheets: At least one, in one CRS.

    Raises:
        UserError: The sheets are in different CRSs.
    """
    crs = sheets[0].objects.crs
    for sheet in sheets:
        refuse_another_system(sheet.objects.crs, crs)
    objects = pd.concat([sheet.objects for sheet in sheets], ignore_index=True)
    if len(objects) == 0:
        return objects
    sheet_of = np.repeat(
        np.arange(len(sheets)), [len(sheet.objects) for sheet in sheets]
    )
    whole = np.array([sheet.is_on_grid_of(sheets[0]) for sheet in sheets])[sheet_of]
    shapes = _in_pixels(objects.geometry.to_numpy(), sheets[0].transform, whole)
    pairs = _neighbours(shapes, sheet_of)
    ones = np.ones(len(pairs[0]), np.int8)
    graph = coo_array((ones, pairs), shape=(len(objects), len(objects)))
    _, group = connected_components(graph, directed=False)
    alone = np.bincount(group)[group] == 1
    if alone.all():
        return objects
    several = np.flatnonzero(~alone)
    several = several[np.argsort(group[several], kind="stable")]
    starts = np.flatnonzero(np.diff(group[several], prepend=-1))
    table = _joined(objects.iloc[several], shapely.area(shapes[several]), starts)
    outlines = [
        _united(shapes[members], bool(whole[members].all()))
        for members in np.split(several, starts[1:])
    ]
    placed = place(np.array(outlines, object), sheets[0].transform)
    table = table.set_geometry(geopandas.GeoSeries(placed, crs=crs))
    table["area_m2"] = (ground_area(table.geometry) if crs else table.area).round(2)
    return pd.concat([objects[alone], table[objects.columns]], ignore_index=True)


def refuse_another_system(found: Any, first: Any) -> None:
    """Refuse sheets in two coordinate systems.

    Args:
        found: A sheet's, as of geopandas.
        first: The first sheet's.

    Raises:
        UserError: They differ.
    """
    if found != first:
        raise UserError(
            "sheets: in different coordinate systems, one merged layer expects one"
        )


def _in_pixels(
    shapes: np.ndarray, transform: rasterio.Affine, whole: np.ndarray
) -> np.ndarray:
    """Shapes in pixels of one grid, in whole ones where they are parts of it."""
    shapes = place(shapes, ~transform)
    shapes[whole] = shapely.transform(shapes[whole], np.rint)
    return shapes


def _neighbours(
    shapes: np.ndarray, sheet_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="dwithin", distance=TOLERANCE)
    across = (first < second) & (sheet_of[first] != sheet_of[second])
    first, second = first[across], second[across]
    # Sheets may overlap: an object has many neighbours and is widened once.
    widened, of_pair = np.unique(first, return_inverse=True)
    wider = shapely.buffer(shapes[widened], TOLERANCE, join_style="mitre")
    shared = shapely.intersection(wider[of_pair], shapes[second])
    # Piece by piece: two corners are no edge.
    pieces, pair = shapely.get_parts(shared, return_index=True)
    touching = np.unique(pair[shapely.length(pieces) > _CONTACT])
    return first[touching], second[touching]


def _united(parts: np.ndarray, whole: bool) -> shapely.Geometry:
    if whole:
        return shapely.union_all(parts)
    # Gaps up to the tolerance are closed; right angles stay as they are.
    wider = shapely.union_all(shapely.buffer(parts, TOLERANCE, join_style="mitre"))
    return shapely.buffer(wider, -TOLERANCE, join_style="mitre")


def _joined(
    parts: geopandas.GeoDataFrame, pixels: np.ndarray, starts: np.ndarray
) -> geopandas.GeoDataFrame:
    """One row for the parts of each object; geometry and area are the first part's.

    Args:
        parts: (N,) rows, those of one object after one another.
        pixels: (N,) their sizes.
        starts: Where each object's rows begin.
    """
    table = parts.iloc[starts].reset_index(drop=True)
    weighted = np.add.reduceat(parts["mean_prob"].to_numpy() * pixels, starts)
    table["mean_prob"] = (weighted / np.add.reduceat(pixels, starts)).round(4)
    table["max_prob"] = np.maximum.reduceat(parts["max_prob"].to_numpy(), starts)
    table["cut"] = np.logical_or.reduceat(parts["cut"].to_numpy(bool), starts)
    sources, scenes = (
        [set(of) for of in np.split(parts[name].to_numpy(object), starts[1:])]
        for name in ("source", "scene")
    )
    table["source"] = [of.pop() if len(of) == 1 else "both" for of in sources]
    table["scene"] = ["; ".join(sorted(of)) for of in scenes]
    return table
