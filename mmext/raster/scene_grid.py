"""Putting a store's tiles back on their scene's grid, window by window."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import rasterio
from numpy.typing import DTypeLike
from rasterio.windows import Window, subdivide

from mmext.datasets.tile_store import TileStore

from .outlines import ROWS_DOWN

Layers = dict[str, np.ndarray]
Join = Callable[[np.ndarray, np.ndarray], np.ndarray]


class SceneGrid:
    """Where the tiles of one scene lie.

    Args:
        store: The store.
        scene: A name in ``store.meta["scenes"]``.
    """

    def __init__(self, store: TileStore, scene: str) -> None:
        record = store.meta["scenes"][scene]
        tiles = store.tiles_of(scene)
        self.scene = scene
        self.height: int = record["height"]
        self.width: int = record["width"]
        self.crs: str | None = store.meta["crs"]
        self.transform = (
            rasterio.Affine(*record["transform"][:6]) if self.crs else ROWS_DOWN
        )
        self._size: int = store.meta["tile_size"]
        self._ids = tiles["tile_id"].to_numpy()
        self._rows = tiles["row_off"].to_numpy()
        self._columns = tiles["col_off"].to_numpy()

    @property
    def whole(self) -> Window:
        """The window of the whole scene."""
        return Window(0, 0, self.width, self.height)

    def strips(self, pixels: int) -> list[Window]:
        """Windows of whole rows from top to bottom.

        Args:
            pixels: What a strip may hold, but for a scene with longer rows.
        """
        return subdivide(self.whole, max(1, pixels // self.width), self.width)

    def tiles_in(self, window: Window) -> np.ndarray:
        """The (M,) ids of the tiles that show a part of a window, ascending."""
        top, left = int(window.row_off), int(window.col_off)
        near = (
            (self._rows < top + int(window.height))
            & (self._rows + self._size > top)
            & (self._columns < left + int(window.width))
            & (self._columns + self._size > left)
        )
        return self._ids[near]

    def place(
        self,
        window: Window,
        tiles: Iterable[tuple[int, Layers]],
        fill: Mapping[str, tuple[DTypeLike, float]],
        join: Mapping[str, Join] | None = None,
    ) -> Layers:
        """Fill a window of the scene from its tiles.

        Args:
            window: Inside the scene.
            tiles: The ids of :meth:`tiles_in`, each with the tile's layers (h, w, …).
            fill: By layer its dtype and the value where no tile lies. For a layer
                of several bands the dtype is a sub-array's, ``(type, (bands,))``.
            join: By layer what becomes of two values where tiles overlap; the
                later tile's where nothing is said.

        Returns:
            (H, W, …) by layer.
        """
        top, left = int(window.row_off), int(window.col_off)
        height, width = int(window.height), int(window.width)
        placed = {
            name: np.full(
                (height, width, *np.dtype(dtype).shape), value, np.dtype(dtype).base
            )
            for name, (dtype, value) in fill.items()
        }
        covered = np.zeros((height, width), bool)
        for tile_id, layers in tiles:
            index = np.searchsorted(self._ids, tile_id)
            row, column = self._rows[index] - top, self._columns[index] - left
            there = (
                slice(max(0, row), min(height, row + self._size)),
                slice(max(0, column), min(width, column + self._size)),
            )
            here = tuple(
                slice(part.start - offset, part.stop - offset)
                for part, offset in zip(there, (row, column), strict=True)
            )
            for name, tile in layers.items():
                new = tile[here]
                if join and name in join:
                    old = placed[name][there]
                    new = np.where(covered[there], join[name](old, new), new)
                placed[name][there] = new
            covered[there] = True
        return placed
