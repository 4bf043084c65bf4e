"""Numbered objects of a scene, each with its window, so that none costs a scene."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import rasterio
import shapely
from scipy import ndimage

from mmext.raster.outlines import connected_parts, label_outlines, place

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Components:
    """Objects that are numbered from 1.

    Attributes:
        ids: (H, W) int32, 0 where there is none.
        windows: Rows and columns by number − 1; None where a number is not used.
        sizes: Pixels by number − 1.
    """

    ids: np.ndarray
    windows: list[Window | None]
    sizes: np.ndarray

    @classmethod
    def numbered(cls, ids: np.ndarray) -> "Components":
        """Those that have their numbers already."""
        sizes = np.bincount(ids.ravel(), minlength=1)[1:]
        return cls(ids, ndimage.find_objects(ids), sizes)

    @classmethod
    def connected(cls, mask: np.ndarray) -> "Components":
        """The connected components of a mask."""
        return cls.numbered(connected_parts(mask)[0])

    def __iter__(self) -> Iterator[tuple[int, Window]]:
        """Number and window of each."""
        for number, window in enumerate(self.windows, start=1):
            if window is not None:
                yield number, window

    def outlines(
        self, wanted: Iterable[int], transform: rasterio.Affine
    ) -> dict[int, shapely.Geometry]:
        """The outlines of some, along pixel edges, in CRS coordinates."""
        table = np.zeros(len(self.sizes) + 1, np.int32)
        numbers = list(wanted)
        table[numbers] = numbers
        found, shapes = label_outlines(table[self.ids])
        return dict(zip(found.tolist(), place(shapes, transform), strict=True))

    def covered(self, others: "Components") -> dict[int, list[tuple[int, int]]]:
        """By number the others that lie in it, each with their common pixels."""
        both = (self.ids > 0) & (others.ids > 0)
        step = len(others.sizes) + 1
        pairs = self.ids[both].astype(np.int64) * step + others.ids[both]
        found: dict[int, list[tuple[int, int]]] = {}
        for pair, pixels in zip(*np.unique(pairs, return_counts=True), strict=True):
            mine, other = divmod(int(pair), step)
            found.setdefault(mine, []).append((other, int(pixels)))
        return found


def widened(window: Window, by: int) -> Window:
    """Some pixels more on each side, cut at the scene's first row and column."""
    rows, columns = window
    return (
        slice(max(0, rows.start - by), rows.stop + by),
        slice(max(0, columns.start - by), columns.stop + by),
    )


def trimmed(window: Window, mask: np.ndarray) -> Window:
    """The part of a window that holds all of a mask (of its size, not empty)."""
    [(rows, columns)] = ndimage.find_objects(mask.astype(np.uint8))
    top, left = window[0].start, window[1].start
    return (
        slice(top + rows.start, top + rows.stop),
        slice(left + columns.start, left + columns.stop),
    )
