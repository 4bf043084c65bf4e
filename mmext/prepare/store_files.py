"""What a tile store holds beside its arrays, and the room that it needs."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio

from mmext.datasets.store_checks import fingerprint, store_checks
from mmext.datasets.tile_rows import TileRows
from mmext.datasets.tile_store import FORMAT, TileStore
from mmext.errors import UserError, one_line

#: Generous sizes of a tile's row in ``tiles.gpkg``, and of all that does not grow.
_TABLE_BYTES = 1000
_OTHER_BYTES = 1 << 20


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
    meta = {
        "format": FORMAT,
        "tile_size": rows.tile_size,
        **description,
        "dtype": str(images.dtype),
        "crs": crs,
        **rows.together(),
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
