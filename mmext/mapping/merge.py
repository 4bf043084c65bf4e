"""Objects that cross the border of two sheets, made whole."""

from collections.abc import Sequence

import geopandas
import numpy as np
import pandas as pd
import rasterio
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.errors import UserError
from mmext.raster.grid import Grid
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
#: Objects that are held before it is looked which of them are whole.
_HELD = 20_000


class Merging:
    """Puts the objects of many sheets together while the sheets come in.

    Objects of different sheets that overlap or share a piece of border become one,
    with the area of their union, the mean probability weighted by pixels, the highest
    probability, and all their sheets and sources. Objects of one sheet stay as they
    are, and so do objects that meet in a corner.

    Where all sheets are parts of one grid, the outcome is that of the whole scene as
    one sheet. Sheets on another grid than the first one's (turned, shifted, of other
    pixels) are joined where they come within a tenth of the first one's pixel.

    Objects far from all other sheets are whole as they come. Of the others are held
    those that hang together with one of a sheet whose neighbours have not all come:
    taken in :attr:`order`, the length of a line across the map.

    Args:
        grids: Of all sheets, in one CRS.

    Attributes:
        order: Numbers of the sheets, row by row.
    """

    def __init__(self, grids: Sequence[Grid]) -> None:
        self._first = grids[0].transform
        self._on_grid = np.array([g.is_part_of(grids[0], TOLERANCE) for g in grids])
        margin = _FAR * max(grid.pixel for grid in grids)
        left, bottom, right, top = shapely.bounds([grid.outline for grid in grids]).T
        self._places = shapely.box(
            left - margin, bottom - margin, right + margin, top + margin
        )
        self._tree = shapely.STRtree(self._places)
        tallest = (top - bottom).max()
        row = np.floor((top.max() - top) / tallest + 0.5)
        self.order: list[int] = np.lexsort((left, row)).tolist()
        self._has_come = np.zeros(len(grids), bool)
        self._parts: list[geopandas.GeoDataFrame] = []
        self._sheets: list[np.ndarray] = []
        self._number = 0
        self._due = _HELD

    def add(
        self, sheets: Sequence[int], objects: geopandas.GeoDataFrame, of: np.ndarray
    ) -> geopandas.GeoDataFrame:
        """Take some sheets' objects; returns those that are nobody's neighbours.

        Args:
            sheets: Which, in any order.
            objects: All of their N objects.
            of: (N,) int, the sheet of each.

        Raises:
            UserError: They are in another CRS than the sheets before.
        """
        self._has_come[sheets] = True
        if self._parts and objects.crs != self._parts[0].crs:
            raise UserError(
                "sheets: in different coordinate systems, one merged layer expects one"
            )
        found, place_of = self._tree.query(objects.geometry.to_numpy())
        near = np.zeros(len(objects), bool)
        near[found[place_of != of[found]]] = True
        # An empty table, too, keeps the CRS and the columns.
        if near.any() or not self._parts:
            self._parts.append(objects[near])
            self._sheets.append(of[near])
            self._number += int(near.sum())
        return objects[~near].reset_index(drop=True)

    @property
    def is_due(self) -> bool:
        """Whether so much is held that :meth:`take` is worth its time."""
        return self._number >= self._due

    def take(self) -> geopandas.GeoDataFrame:
        """The objects that no sheet still to come can add to; they are let go of.

        When all sheets have come, that is all of them.
        """
        objects = pd.concat(self._parts, ignore_index=True)
        sheet_of = np.concatenate(self._sheets)
        whole = self._on_grid[sheet_of]
        shapes = _in_pixels(objects.geometry.to_numpy(), self._first, whole)
        pairs = _neighbours(shapes, sheet_of)
        ones = np.ones(len(pairs[0]), np.int8)
        graph = coo_array((ones, pairs), shape=(len(objects), len(objects)))
        number, group = connected_components(graph, directed=False)
        grows = np.zeros(number, bool)
        grows[group[self._is_at_the_front(sheet_of)]] = True
        held = grows[group]
        self._parts, self._sheets = [objects[held]], [sheet_of[held]]
        self._number = int(held.sum())
        # Twice what remained, so that no object is looked at more than a few times.
        self._due = max(_HELD, 2 * self._number)
        alone = np.bincount(group, minlength=number)[group] == 1
        several = np.flatnonzero(~alone & ~held)
        if len(several) == 0:
            return objects[~held].reset_index(drop=True)
        several = several[np.argsort(group[several], kind="stable")]
        starts = np.flatnonzero(np.diff(group[several], prepend=-1))
        table = _joined(objects.iloc[several], shapely.area(shapes[several]), starts)
        outlines = [
            _united(shapes[members], bool(whole[members].all()))
            for members in np.split(several, starts[1:])
        ]
        placed = place(np.array(outlines, object), self._first)
        table = table.set_geometry(geopandas.GeoSeries(placed, crs=objects.crs))
        known = objects.crs is not None
        areas = ground_area(table.geometry) if known else table.area
        table["area_m2"] = areas.round(2)
        return pd.concat(
            [objects[alone & ~held], table[objects.columns]], ignore_index=True
        )

    def _is_at_the_front(self, sheet_of: np.ndarray) -> np.ndarray:
        """(N,) bool, of each object whether a neighbour of its sheet is to come."""
        sheets, of = np.unique(sheet_of, return_inverse=True)
        here, neighbour = self._tree.query(self._places[sheets])
        at_the_front = np.zeros(len(sheets), bool)
        at_the_front[here[~self._has_come[neighbour]]] = True
        return at_the_front[of]


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
