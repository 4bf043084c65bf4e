"""What tells whether a tile store's files are those that were written."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmext.pixel_values import IGNORE

from .store_record import FileState, StoreChecks

#: The shares that ``tiles.gpkg`` holds of each tile, in the order of :func:`shares`.
SHARES = ("positive_fraction", "valid_fraction")
_FILES = ("images.npy", "masks.npy", "tiles.gpkg")
_SAMPLE = 32
_CHUNK_BYTES = 1 << 24


def shares(mask: np.ndarray) -> tuple[float, float]:
    """Share of target among a mask's valid pixels, and share of valid pixels.

    Args:
        mask: (H, W) uint8 in {0, 1, 255}.
    """
    valid = int((mask != IGNORE).sum())
    return float((mask == 1).sum() / max(valid, 1)), valid / mask.size


def store_checks(folder: Path, masks: np.ndarray, images: np.ndarray) -> StoreChecks:
    """What ``store.json`` records, for files that won't be written any more.

    Args:
        folder: The store's.
        masks: (N, H, W) uint8.
        images: (N, H, W, C).
    """
    sample = np.unique(np.linspace(0, len(masks) - 1, _SAMPLE, dtype=int))
    return {
        "files": file_states(folder),
        "tiles": {str(i): tile_digest(masks[i], images[i]) for i in sample},
    }


def file_states(folder: Path) -> dict[str, FileState]:
    """Size and time of a store's files, by name."""
    states = {name: (folder / name).stat() for name in _FILES}
    return {
        name: {"bytes": state.st_size, "changed": state.st_mtime_ns}
        for name, state in states.items()
    }


def tile_digest(mask: np.ndarray, image: np.ndarray) -> str:
    """SHA-256 of a tile's mask (H, W) and image (H, W, C)."""
    digest = hashlib.sha256(np.ascontiguousarray(mask).data)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


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
        yield _opened_anew(array)[start : start + step]


def _opened_anew(array: np.ndarray) -> np.ndarray:
    """A map of its own: what was read of a map counts as memory until it is closed."""
    if not isinstance(array, np.memmap) or array.filename is None:
        return array
    opened = np.load(array.filename, mmap_mode="r", allow_pickle=False)
    return opened if opened.shape == array.shape else array
