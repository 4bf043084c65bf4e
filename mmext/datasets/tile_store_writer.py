"""Writing a tile store, whole or not at all."""

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
from shapely.geometry import Polygon

from mmext.errors import UserError, one_line
from mmext.fileio.new_array import new_array
from mmext.pixel_values import IGNORE

from .band_statistics import BandStatistics
from .store_checks import fingerprint, shares, store_checks
from .tile_store import FORMAT, LABELS, POSITIVE_THRESHOLD, TileStore

#: Generous sizes of a tile's row in ``tiles.gpkg``, and of all that does not grow.
_TABLE_BYTES = 1000
_OTHER_BYTES = 1 << 20


class TileStoreWriter:
    """Fills a store's files tile by tile.

    Args:
        folder: Where the files go; it is new or empty. Use it inside
            :func:`~mmext.fileio.atomic_path`.
        num_tiles: How many tiles will be added.
        tile_size: Height and width of a tile in pixels.
        num_bands: Bands of a tile.
        dtype: The source's: uint8, uint16 or float32.

    Raises:
        UserError: The disk has no room for it.
    """

    def __init__(
        self,
        folder: Path,
        num_tiles: int,
        tile_size: int,
        num_bands: int,
        dtype: np.dtype,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tile_size = tile_size
        self.num_tiles = num_tiles
        self.dtype = np.dtype(dtype)
        shape = (num_tiles, tile_size, tile_size)
        self._refuse_small_disk(tile_size**2 * (num_bands * self.dtype.itemsize + 1))
        # Written tile after tile, not through a memory map: a full disk is then an
        # error that can be told, not the end of the process.
        self._images = new_array(folder / "images.npy", (*shape, num_bands), self.dtype)
        self._masks = new_array(folder / "masks.npy", shape, np.dtype(np.uint8))
        self._pixels = {"target": 0, "valid": 0}
        self.statistics = BandStatistics(num_bands)
        self.rows: list[dict[str, Any]] = []

    def _refuse_small_disk(self, tile_bytes: int) -> None:
        needed = self.num_tiles * (tile_bytes + _TABLE_BYTES) + _OTHER_BYTES
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise UserError(
                f"{self.folder.parent}: {needed / 1e6:.1f} MB are needed for "
                f"{self.num_tiles} tiles, {free / 1e6:.1f} MB are free on the disk"
            )

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

        Raises:
            UserError: It can't be written.
        """
        tile_id = len(self.rows)
        valid = mask != IGNORE
        if np.setdiff1d(mask, LABELS).size:
            raise ValueError("a mask holds 0, 1 and 255")
        # Most tiles lie inside their scene: nothing of them is left out.
        known = image.reshape(-1, image.shape[2]) if valid.all() else image[valid]
        pixels = np.where(valid[..., None], image, 0).astype(self.dtype)
        try:
            self._images.write(pixels.tobytes())
            self._masks.write(mask.astype(np.uint8).tobytes())
        except OSError as error:
            raise self._failed(error) from None
        self.statistics.add(known)
        positive_fraction, valid_fraction = shares(mask)
        self._pixels["target"] += int((mask == 1).sum())
        self._pixels["valid"] += int(valid.sum())
        self.rows.append(
            {
                "tile_id": tile_id,
                "scene": scene,
                "row_off": row_off,
                "col_off": col_off,
                "positive_fraction": positive_fraction,
                "valid_fraction": valid_fraction,
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

        Raises:
            UserError: They can't be written.
        """
        assert len(self.rows) == self.num_tiles, "fewer tiles than announced"
        table = geopandas.GeoDataFrame(self.rows, crs=crs)
        try:
            self._images.close()
            self._masks.close()
            table.to_file(self.folder / "tiles.gpkg", layer="tiles")
        except (OSError, pyogrio.errors.DataSourceError, RuntimeError) as error:
            raise self._failed(error) from None
        images, masks = (
            np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
            for name in ("images.npy", "masks.npy")
        )
        positive = table["positive_fraction"] > POSITIVE_THRESHOLD
        meta = {
            "format": FORMAT,
            "tile_size": self.tile_size,
            **description,
            "dtype": str(self.dtype),
            "crs": crs,
            **self.statistics.as_dict(),
            "num_tiles": len(self.rows),
            "positive_tiles": int(positive.sum()),
            "positive_share": self._pixels["target"] / max(self._pixels["valid"], 1),
            "fingerprint": fingerprint(
                table["scene"], table["row_off"], table["col_off"], masks, images
            ),
            "checks": store_checks(self.folder, masks, images),
        }
        try:
            text = json.dumps(meta, indent=2, allow_nan=False) + "\n"
            (self.folder / "store.json").write_text(text)
        except OSError as error:
            raise self._failed(error) from None
        # What can't be read is not handed over.
        assert len(TileStore(self.folder).tiles) == len(self.rows)
        return meta

    def _failed(self, error: Exception) -> UserError:
        reason = getattr(error, "strerror", None) or one_line(error)
        return UserError(f"{self.folder.parent}: the store can't be written ({reason})")
