"""Images and masks of tiles, of which nobody knows yet how many there are."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mmext.datasets.tile_rows import TileNumbers
from mmext.datasets.tile_store import LABELS
from mmext.fileio.new_array import growing_array
from mmext.pixel_values import IGNORE
from mmext.raster.writing import writing

from .part_note import IMAGES, MASKS


@contextlib.contextmanager
def tile_arrays(
    folder: Path, named: Path, tile_size: int, num_bands: int, dtype: np.dtype
) -> Iterator[Callable[[np.ndarray, np.ndarray], TileNumbers]]:
    """Write a store's arrays, tile by tile.

    Args:
        folder: Where they go.
        named: What is told of a disk that says no, where ``folder`` is temporary.
        tile_size: Height and width of a tile in pixels.
        num_bands: Bands of a tile.
        dtype: The images'.

    Yields:
        What adds a tile, an image (H, W, C) and its mask (H, W) in {0, 1, 255}, and
        counts what is in it. Where it is ignored, the stored image is 0.

    Raises:
        CantWriteError: The disk says no.
    """
    side, of_masks = (tile_size, tile_size), np.dtype(np.uint8)
    with (
        growing_array(folder / IMAGES, (*side, num_bands), dtype) as images,
        growing_array(folder / MASKS, side, of_masks) as masks,
    ):

        def add(image: np.ndarray, mask: np.ndarray) -> TileNumbers:
            if np.setdiff1d(mask, LABELS).size:
                raise ValueError("a mask holds 0, 1 and 255")
            stored = np.where((mask != IGNORE)[..., None], image, 0).astype(dtype)
            with writing(named):
                images.write(stored.tobytes())
                masks.write(mask.astype(of_masks).tobytes())
            return TileNumbers.of(image, mask)

        yield add
        with writing(named):
            images.flush()
            masks.flush()
