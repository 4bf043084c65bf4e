"""Where the pixels of a raster lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from .outlines import ROWS_DOWN, window_outline
from .scene_reader import open_scene


@dataclass(frozen=True)
class Grid:
    """A raster's grid.

    Attributes:
        transform: Pixel to CRS coordinates.
        height: Rows.
        width: Columns.
        crs: Coordinate system, if there is one.
    """

    transform: rasterio.Affine
    height: int
    width: int
    crs: rasterio.CRS | None = None

    @cached_property
    def outline(self) -> shapely.Polygon:
        """The quadrilateral that it covers."""
        return window_outline(Window(0, 0, self.width, self.height), self.transform)

    @property
    def pixel(self) -> float:
        """The longer side of a pixel in CRS units."""
        a, b, _, d, e = self.transform[:5]
        return float(np.hypot([a, b], [d, e]).max())

    @property
    def is_north_up(self) -> bool:
        """Whether rows run east and columns south."""
        a, b, _, d, e = self.transform[:5]
        return not b and not d and a > 0 and e < 0

    def is_part_of(self, other: "Grid", tolerance: float) -> bool:
        """Whether its pixels are some of another grid's.

        Args:
            other: The other grid, which goes on in all directions.
            tolerance: In pixels of the other.
        """
        to_other = ~other.transform * self.transform
        corners = [(0.0, 0.0), (float(self.width), 0.0), (0.0, float(self.height))]
        there = np.array([to_other * corner for corner in corners])
        whole = corners + np.rint(there[0])
        return bool(np.abs(there - whole).max() < tolerance)


def has_place(raster: Grid | DatasetReader | WarpedVRT) -> bool:
    """Whether anything says where a raster lies: a CRS, or at least a world file."""
    return raster.crs is not None or not raster.transform.is_identity


def outline_transform(raster: Grid | DatasetReader | WarpedVRT) -> rasterio.Affine:
    """Pixel coordinates to those of the outlines of what is in a raster."""
    return raster.transform if has_place(raster) else ROWS_DOWN


def read_grid(path: Path) -> Grid:
    """The grid of a raster.

    Raises:
        UserError: It can't be read.
    """
    with open_scene(path) as raster:
        return Grid(raster.transform, raster.height, raster.width, raster.crs)


def mosaic_grid(grids: Sequence[Grid]) -> Grid:
    """The grid over all of some that are parts of one, north up."""
    first = grids[0]
    wide, high = first.transform.a, -first.transform.e
    left = min(grid.transform.c for grid in grids)
    top = max(grid.transform.f for grid in grids)
    right = max(grid.transform.c + grid.width * grid.transform.a for grid in grids)
    bottom = min(grid.transform.f + grid.height * grid.transform.e for grid in grids)
    return Grid(
        rasterio.Affine(wide, 0, left, 0, -high, top),
        round((top - bottom) / high),
        round((right - left) / wide),
        first.crs,
    )
