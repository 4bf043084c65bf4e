"""Writing a tile store, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
from shapely.geometry import Polygon

from .band_statistics import BandStatistics
from .tile_store import FORMAT, IGNORE, POSITIVE_THRESHOLD, fingerprint


class TileStoreWriter:
    """Fills a store's files tile by tile.

    Args:
        folder: Where the files go; it must not exist. Use it inside
            :func:`~mmext.fileio.atomic_path`.
        num_tiles: How many tiles will be added.
        tile_size: Height and width of a tile in pixels.
        num_bands: Bands of a tile.
        dtype: The source's: uint8, uint16 or float32.
    """

    def __init__(
        self,
        folder: Path,
        num_tiles: int,
        tile_size: int,
        num_bands: int,
        dtype: np.dtype,
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        shape = (num_tiles, tile_size, tile_size)
        self.images = np.lib.format.open_memmap(
            folder / "images.npy", "w+", np.dtype(dtype), (*shape, num_bands)
        )
        self.masks = np.lib.format.open_memmap(
            folder / "masks.npy", "w+", np.dtype(np.uint8), shape
        )
        self.tile_size = tile_size
        self.statistics = BandStatistics(num_bands)
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        scene: str,
        row_off: int,
        col_off: int,
        footprint: Polygon,
    ) -> None:
        """Add the next tile.

        Args:
            image: (H, W, C) in the store's dtype; set to 0 where the mask is 255.
            mask: (H, W) uint8 in {0, 1, 255}.
            scene: The scene's name.
            row_off: Row of the tile's first pixel in its scene.
            col_off: Column of it.
            footprint: The tile's outline in the store's CRS.
        """
        tile_id = len(self.rows)
        valid = mask != IGNORE
        self.images[tile_id] = np.where(valid[..., None], image, 0)
        self.masks[tile_id] = mask
        self.statistics.add(image[valid])
        valid_pixels = int(valid.sum())
        self.rows.append(
            {
                "tile_id": tile_id,
                "scene": scene,
                "row_off": row_off,
                "col_off": col_off,
                "positive_fraction": float((mask == 1).sum() / max(valid_pixels, 1)),
                "valid_fraction": valid_pixels / mask.size,
                "geometry": footprint,
            }
        )

    def finish(self, description: dict[str, Any], crs: str | None) -> dict[str, Any]:
        """Write table and description.

        Args:
            description: What ``store.json`` says of the source: ``stride``,
                ``bands``, ``band_indexes``, ``nodata``, ``pixel_size``,
                ``pixel_size_m``, ``scenes``.
            crs: The store's CRS as WKT, or None.

        Returns:
            The content of ``store.json``.
        """
        assert len(self.rows) == len(self.masks), "fewer tiles than announced"
        self.images.flush()
        self.masks.flush()
        table = geopandas.GeoDataFrame(self.rows, crs=crs)
        table.to_file(self.folder / "tiles.gpkg", layer="tiles")
        positive = table["positive_fraction"] > POSITIVE_THRESHOLD
        target = sum(int((mask == 1).sum()) for mask in self.masks)
        valid = sum(int((mask != IGNORE).sum()) for mask in self.masks)
        meta = {
            "format": FORMAT,
            "tile_size": self.tile_size,
            **description,
            "dtype": str(self.images.dtype),
            "crs": crs,
            **self.statistics.as_dict(),
            "num_tiles": len(self.rows),
            "positive_tiles": int(positive.sum()),
            "positive_share": target / max(valid, 1),
            "fingerprint": fingerprint(
                table["scene"],
                table["row_off"],
                table["col_off"],
                self.masks,
                self.images,
            ),
        }
        (self.folder / "store.json").write_text(json.dumps(meta, indent=2) + "\n")
        return meta
