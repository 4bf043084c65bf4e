"""Tile stores of tiles that tests made up."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from mmext.datasets.tile_rows import TileRows
from mmext.prepare.store_files import finish_store
from mmext.prepare.tile_arrays import tile_arrays


class StoreWriter:
    """Fills a store's folder, which is new or empty, tile by tile."""

    def __init__(self, folder: Path, size: int, bands: int, dtype: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rows = TileRows(size, bands)
        self._open = contextlib.ExitStack()
        arrays = tile_arrays(folder, folder, size, bands, np.dtype(dtype))
        self._add = self._open.enter_context(arrays)

    def add(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        scene: str,
        row_off: int,
        col_off: int,
        footprint: Polygon | None,
    ) -> None:
        self.rows.add(self._add(image, mask), scene, row_off, col_off, footprint)

    def finish(self, description: dict[str, Any], crs: str | None) -> dict[str, Any]:
        self._open.close()
        return finish_store(self.folder, self.rows, description, crs)
