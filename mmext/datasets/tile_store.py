"""The one form in which training data lies on disk."""

import functools
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import numpy as np

from mmext.errors import UserError
from mmext.fileio import open_array

FORMAT = 1
IGNORE = 255
POSITIVE_THRESHOLD = 0.001
FILES = ("images.npy", "masks.npy", "tiles.gpkg", "store.json")
_CHUNK_BYTES = 1 << 24


class TileStore:
    """Tiles of image and mask, memory-mapped.

    The files are described in ``docs/architecture.md``, "The tile store"; they are
    written by :class:`~mmext.datasets.tile_store_writer.TileStoreWriter`. A store
    can be pickled: each process opens its own maps.

    Args:
        path: The store's folder.

    Raises:
        UserError: A file is missing, or they do not fit together.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        for name in FILES:
            if not (self.path / name).is_file():
                raise UserError(
                    f"{self.path}: not a tile store, has no {name}; make one with "
                    "tools/prepare_tiles.py"
                )
        self.meta: dict[str, Any] = json.loads((self.path / "store.json").read_text())
        if self.meta.get("format") != FORMAT:
            raise UserError(
                f"{self.path}/store.json: format {self.meta.get('format')}, expected "
                f"{FORMAT}"
            )
        number = self.meta["num_tiles"]
        for name, array in (("images", self.images), ("masks", self.masks)):
            if len(array) != number:
                raise UserError(
                    f"{self.path}/{name}.npy: holds {len(array)} tiles, store.json "
                    f"says {number}"
                )

    def __len__(self) -> int:
        return int(self.meta["num_tiles"])

    @functools.cached_property
    def images(self) -> np.ndarray:
        """(N, H, W, C) pixel values in the source's dtype, memory-mapped."""
        return open_array(self.path / "images.npy")

    @functools.cached_property
    def masks(self) -> np.ndarray:
        """(N, H, W) uint8 in {0, 1, 255}, memory-mapped."""
        return open_array(self.path / "masks.npy")

    @functools.cached_property
    def tiles(self) -> geopandas.GeoDataFrame:
        """One row per tile, in tile order."""
        table = geopandas.read_file(self.path / "tiles.gpkg", layer="tiles")
        return table.sort_values("tile_id", ignore_index=True)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of tile geometry, masks and images, as recorded."""
        return self.meta["fingerprint"]

    @property
    def header(self) -> dict[str, Any]:
        """``store.json`` without its scenes: what a checkpoint carries."""
        return {key: value for key, value in self.meta.items() if key != "scenes"}

    def verify(self) -> None:
        """Compare the recorded fingerprint with the files.

        Raises:
            UserError: They differ: the store was changed after it was made.
        """
        table = self.tiles
        found = fingerprint(
            table["scene"], table["row_off"], table["col_off"], self.masks, self.images
        )
        if found != self.fingerprint:
            raise UserError(
                f"{self.path}: fingerprint is {found[:12]}, store.json says "
                f"{self.fingerprint[:12]}: the store was changed"
            )

    def __getstate__(self) -> dict[str, Any]:
        """Only the path and the description: maps are reopened."""
        return {"path": self.path, "meta": self.meta}


def fingerprint(
    scenes: Any, row_offs: Any, col_offs: Any, masks: np.ndarray, images: np.ndarray
) -> str:
    """SHA-256 over where the tiles lie and what they hold.

    Args:
        scenes: N scene names.
        row_offs: N rows of the tiles' first pixels.
        col_offs: N columns.
        masks: (N, H, W) uint8.
        images: (N, H, W, C).

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for scene, row, column in zip(scenes, row_offs, col_offs, strict=True):
        digest.update(f"{scene}\0{int(row)}\0{int(column)}\n".encode())
    for array in (masks, images):
        digest.update(f"{array.shape}{array.dtype.str}".encode())
        for chunk in _chunks(array):
            digest.update(np.ascontiguousarray(chunk).data)
    return digest.hexdigest()


def _chunks(array: np.ndarray) -> Iterator[np.ndarray]:
    step = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield array[start : start + step]
