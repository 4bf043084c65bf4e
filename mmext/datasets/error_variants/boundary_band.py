"""A band along the fields' outlines, as large as the errors."""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import distance_transform_edt

from mmext.datasets.tile_store import TileStore
from mmext.registry import TASK_UTILS
from mmext.structures import ErrorBank

from .marked_bank import marked_bank

_BINS_A_PIXEL = 16


@TASK_UTILS.register_module()
class BoundaryBand:
    """A control: the pixels nearest to a target's outline count as errors.

    The band has one width on the whole store, the smallest at which it is as large as
    the bank's errors. It tells what errors teach beyond "outlines are hard".
    """

    def __call__(self, bank: ErrorBank, store: TileStore) -> ErrorBank:
        """The control in the form of a bank."""
        area = sum(bank.wrong_pixels())
        # Two passes over the masks, so that no distance map of the store is kept.
        counts = np.zeros(1, np.int64)
        for distance in _distances(store):
            near = np.isfinite(distance)
            bins = np.bincount(_bin(distance[near]), minlength=len(counts))
            bins[: len(counts)] += counts
            counts = bins
        width = int(np.searchsorted(counts.cumsum(), area))
        bands = (_bin(distance) <= width for distance in _distances(store))
        if area == 0:
            bands = (np.zeros(bank.tile_shape, bool) for _ in range(len(bank)))
        return marked_bank(bank, store, bands)


def _bin(distance: np.ndarray) -> np.ndarray:
    finite = np.where(np.isfinite(distance), distance, 1e6)
    return (finite * _BINS_A_PIXEL).astype(np.int64)


def _distances(store: TileStore) -> Iterator[np.ndarray]:
    # To the nearest pixel of the other kind; infinite where there is no outline.
    for stored in store.masks:
        mask = np.asarray(stored)
        target, background = mask == 1, mask == 0
        if target.any() and background.any():
            inside = distance_transform_edt(~background)
            outside = distance_transform_edt(~target)
            distance = np.where(target, inside, outside)
        else:
            distance = np.full(mask.shape, np.inf)
        yield np.where(mask == 255, np.inf, distance)
