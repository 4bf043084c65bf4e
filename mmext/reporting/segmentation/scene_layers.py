"""A scene put back together from its tiles: truth, predictions, image."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import rasterio
from pyproj import CRS, Transformer

from mmext.datasets.tile_store import TileStore
from mmext.inference.prediction_dump import PredictionDump
from mmext.pixel_values import IGNORE
from mmext.raster.display import Display

_OUTSIDE = 0.85  # grey


@dataclass(frozen=True)
class Georeference:
    """Where a mosaic's pixels lie.

    Attributes:
        transform: Pixel to CRS coordinates, or None.
        metres: Side of a square as large as a pixel on the ground, or None.
        crs: WKT, or None.
    """

    transform: rasterio.Affine | None
    metres: float | None
    crs: str | None

    def place(self, row: float, column: float) -> tuple[float, float] | None:
        """CRS coordinates of a pixel's centre, or None without a CRS."""
        if self.transform is None:
            return None
        x, y = self.transform * (column + 0.5, row + 0.5)
        return x, y

    def longitude_latitude(
        self, row: float, column: float
    ) -> tuple[float, float] | None:
        """Degrees east and north (WGS 84) of a pixel's centre, or None."""
        place = self.place(row, column)
        if place is None:
            return None
        east, north = _to_degrees(self.crs).transform(*place)
        return (east, north) if math.isfinite(east) else None


@dataclass(frozen=True)
class SceneLayers:
    """What is known of a scene, all on one grid that begins at its first tile.

    The whole scene is never in memory: only the windows that are asked for are read.

    Attributes:
        name: The scene.
        tiles: Its rows of the store's table, which later ones cover earlier ones.
        store: The tiles.
        stage1: Answers of stage 1, or None.
        stage2: Answers of stage 2, or None.
        grid: Where the pixels lie.
        display: Makes pictures of the images.
    """

    name: str
    tiles: pd.DataFrame
    store: TileStore
    stage1: PredictionDump | None
    stage2: PredictionDump | None
    grid: Georeference
    display: Display

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the first pixel in the scene."""
        return int(self.tiles["row_off"].min()), int(self.tiles["col_off"].min())

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ends = self.tiles["row_off"].max(), self.tiles["col_off"].max()
        row, column = (int(end) + self._side for end in ends)
        return row - self.corner[0], column - self.corner[1]

    def image(
        self, top: int, left: int, height: int, width: int, step: int = 1
    ) -> np.ndarray:
        """A window of the image, every ``step``-th pixel of it.

        Returns:
            (ceil(height / step), ceil(width / step), 3) float32 in [0, 1].
        """
        canvas = np.full((*_size(height, width, step), 3), _OUTSIDE, np.float32)
        for tile, source, target in self._touched(top, left, height, width, step):
            canvas[target] = self.display(np.asarray(self.store.images[tile][source]))
        return canvas

    def layers(
        self, top: int, left: int, height: int, width: int, step: int = 1
    ) -> dict[str, np.ndarray]:
        """A window of what is true and what was said, every ``step``-th pixel of it.

        Returns:
            (ceil(height / step), ceil(width / step)) by name: ``truth`` uint8 in
            {0, 1, 255}; with stage 1 ``stage1`` bool; with stage 2 ``codes`` uint8, see
            :mod:`~mmext.inference.class_codes`.
        """
        size = _size(height, width, step)
        canvas = {"truth": np.full(size, IGNORE, np.uint8)}
        if self.stage1 is not None:
            canvas["stage1"] = np.zeros(size, bool)
        if self.stage2 is not None:
            canvas["codes"] = np.zeros(size, np.uint8)
        for tile, source, target in self._touched(top, left, height, width, step):
            canvas["truth"][target] = self.store.masks[tile][source]
            if self.stage1 is not None:
                canvas["stage1"][target] = self.stage1.mask(tile)[source]
            if self.stage2 is not None:
                canvas["codes"][target] = self.stage2.codes(tile)[source]
        return canvas

    def strips(self) -> Iterator[dict[str, np.ndarray]]:
        """All :meth:`layers` from top to bottom, a tile's rows at a time."""
        height, width = self.shape
        for top in range(0, height, self._side):
            yield self.layers(top, 0, min(self._side, height - top), width)

    @property
    def _side(self) -> int:
        return int(self.store.meta["tile_size"])

    def _touched(
        self, top: int, left: int, height: int, width: int, step: int
    ) -> Iterator[tuple[int, tuple[slice, slice], tuple[slice, slice]]]:
        """Tiles that a window touches, what is taken of each, and where it goes."""
        size = self._side
        row_off = self.tiles["row_off"].to_numpy() - self.corner[0] - top
        col_off = self.tiles["col_off"].to_numpy() - self.corner[1] - left
        touched = (
            (row_off < height)
            & (row_off + size > 0)
            & (col_off < width)
            & (col_off + size > 0)
        )
        for index in np.flatnonzero(touched).tolist():
            source_rows, target_rows = _overlap(row_off[index], size, height, step)
            source_cols, target_cols = _overlap(col_off[index], size, width, step)
            tile = int(self.tiles["tile_id"].iloc[index])
            yield tile, (source_rows, source_cols), (target_rows, target_cols)


def scene_names(store: TileStore) -> list[str]:
    """The store's scenes that have tiles, those with most target first."""
    tiles = store.tiles
    share = tiles["positive_fraction"] * tiles["valid_fraction"]
    return (
        share.groupby(tiles["scene"]).sum().sort_values(ascending=False).index.tolist()
    )


def scene_layers(
    store: TileStore,
    names: list[str],
    stage1: PredictionDump | None,
    stage2: PredictionDump | None,
) -> Iterator[SceneLayers]:
    """Scenes put together from their tiles.

    Args:
        store: The test tiles.
        names: Which scenes.
        stage1: Answers of stage 1.
        stage2: Answers of stage 2.
    """
    display = Display(store)
    for name in names:
        tiles = store.tiles_of(name)
        corner = int(tiles["row_off"].min()), int(tiles["col_off"].min())
        grid = _grid(store, name, corner)
        yield SceneLayers(name, tiles, store, stage1, stage2, grid, display)


@functools.lru_cache
def _to_degrees(crs: str | None) -> Transformer:
    return Transformer.from_crs(CRS(crs), 4326, always_xy=True)


def _grid(store: TileStore, name: str, corner: tuple[int, int]) -> Georeference:
    metres, crs = store.meta["pixel_size_m"], store.meta["crs"]
    if crs is None:
        return Georeference(None, metres, None)
    scene = rasterio.Affine(*store.meta["scenes"][name]["transform"][:6])
    row, column = corner
    return Georeference(scene * rasterio.Affine.translation(column, row), metres, crs)


def _size(height: int, width: int, step: int) -> tuple[int, int]:
    return -(-height // step), -(-width // step)


def _overlap(offset: int, size: int, length: int, step: int) -> tuple[slice, slice]:
    # Every step-th pixel of the window, counted from the window's first.
    first = -(-max(offset, 0) // step)
    end = max(first, -(-min(offset + size, length) // step))
    begin = first * step - offset
    source = slice(begin, begin + (end - first) * step, step)
    return source, slice(first, end)
