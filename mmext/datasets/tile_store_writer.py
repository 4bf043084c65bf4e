"""Writing a tile store, whole or not at all."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from shapely.geometry import Polygon

from mmext.errors import UserError, one_line
from mmext.fileio.new_array import new_array
from mmext.pixel_values import IGNORE

from .store_checks import fingerprint, store_checks
from .tile_rows import TileNumbers, TileRows
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
        self.num_tiles = num_tiles
        self.dtype = np.dtype(dtype)
        shape = (num_tiles, tile_size, tile_size)
        tile_bytes = tile_size**2 * (num_bands * self.dtype.itemsize + 1)
        refuse_small_disk(folder, num_tiles, num_tiles * tile_bytes)
        # Written tile after tile, not through a memory map: a full disk is then an
        # error that can be told, not the end of the process.
        self._images = new_array(folder / "images.npy", (*shape, num_bands), self.dtype)
        self._masks = new_array(folder / "masks.npy", shape, np.dtype(np.uint8))
        self.rows = TileRows(tile_size, num_bands)

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
        pixels, mask = as_stored(image, mask, self.dtype)
        try:
            self._images.write(pixels.tobytes())
            self._masks.write(mask.tobytes())
        except OSError as error:
            raise cant_write(self.folder, error) from None
        self.rows.add(TileNumbers.of(image, mask), scene, row_off, col_off, footprint)

    def finish(self, description: dict[str, Any], crs: str | None) -> dict[str, Any]:
        """Write table and description; see :func:`finish_store`.

        Raises:
            UserError: They can't be written.
        """
        assert len(self.rows) == self.num_tiles, "fewer tiles than announced"
        try:
            self._images.close()
            self._masks.close()
        except OSError as error:
            raise cant_write(self.folder, error) from None
        return finish_store(self.folder, self.rows, description, crs)


def as_stored(
    image: np.ndarray, mask: np.ndarray, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """A tile as a store holds it: 0 where it is ignored.

    Args:
        image: (H, W, C).
        mask: (H, W) in {0, 1, 255}.
        dtype: The store's.
    """
    if np.setdiff1d(mask, LABELS).size:
        raise ValueError("a mask holds 0, 1 and 255")
    pixels = np.where((mask != IGNORE)[..., None], image, 0).astype(dtype)
    return pixels, mask.astype(np.uint8)


def refuse_small_disk(folder: Path, tiles: int, array_bytes: int) -> None:
    """Refuse to begin a store that has no room.

    Args:
        folder: On the disk.
        tiles: How many tiles there will be.
        array_bytes: What their images and masks take.

    Raises:
        UserError: There is less room than they need.
    """
    needed = array_bytes + tiles * _TABLE_BYTES + _OTHER_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder.parent}: {needed / 1e6:.1f} MB are needed for {tiles} tiles, "
            f"{free / 1e6:.1f} MB are free on the disk"
        )


def finish_store(
    folder: Path, rows: TileRows, description: dict[str, Any], crs: str | None
) -> dict[str, Any]:
    """Write a store's table and description beside its arrays.

    Args:
        folder: Holds ``images.npy`` and ``masks.npy``.
        rows: Of all tiles.
        description: What ``store.json`` says of the source: ``stride``, ``bands``,
            ``band_indexes``, ``nodata``, ``pixel_size``, ``pixel_size_m``, ``scenes``.
        crs: The store's CRS as WKT, or None.

    Returns:
        The content of ``store.json``.

    Raises:
        UserError: They can't be written.
    """
    table = rows.table(crs)
    try:
        table.to_file(folder / "tiles.gpkg", layer="tiles")
    except (OSError, pyogrio.errors.DataSourceError, RuntimeError) as error:
        raise cant_write(folder, error) from None
    images, masks = (
        np.load(folder / name, mmap_mode="r", allow_pickle=False)
        for name in ("images.npy", "masks.npy")
    )
    positive = table["positive_fraction"] > POSITIVE_THRESHOLD
    meta = {
        "format": FORMAT,
        "tile_size": rows.tile_size,
        **description,
        "dtype": str(images.dtype),
        "crs": crs,
        **rows.statistics.as_dict(),
        "num_tiles": len(rows),
        "positive_tiles": int(positive.sum()),
        "positive_share": rows.positive_share,
        "fingerprint": fingerprint(
            table["scene"], table["row_off"], table["col_off"], masks, images
        ),
        "checks": store_checks(folder, masks, images),
    }
    try:
        text = json.dumps(meta, indent=2, allow_nan=False) + "\n"
        (folder / "store.json").write_text(text)
    except OSError as error:
        raise cant_write(folder, error) from None
    # What can't be read is not handed over.
    assert len(TileStore(folder).tiles) == len(rows)
    return meta


def cant_write(folder: Path, error: Exception) -> UserError:
    """That a store's files can't be written, and why."""
    reason = getattr(error, "strerror", None) or one_line(error)
    return UserError(f"{folder.parent}: the store can't be written ({reason})")
