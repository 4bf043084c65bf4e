"""Other masks in the place of the accumulated errors: controls and refinements."""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.ndimage import distance_transform_edt

from mmext.checked import Index, PositiveShare, checked
from mmext.pixel_values import IGNORE
from mmext.registry import TASK_UTILS
from mmext.structures import ErrorBank

from .tile_store import TileStore

_BINS_A_PIXEL = 16


@TASK_UTILS.register_module()
class TargetCopy:
    """A control: every target pixel counts as an error, nothing else does.

    A second channel trained on it knows nothing of errors. What it gains over one
    channel is what two heads and a union gain by themselves.
    """

    def __call__(self, bank: ErrorBank, store: TileStore) -> ErrorBank:
        """The control in the form of a bank."""
        masks = (np.asarray(mask) == 1 for mask in store.masks)
        return _marked_bank(bank, store, masks)


@TASK_UTILS.register_module()
class ShuffledErrors:
    """A control: the error masks, dealt out to other tiles.

    Area, sizes and shapes are the errors' own; their place says nothing. Every tile
    gets another tile's mask: a single cycle through a random order.

    Args:
        seed: Of the order.
    """

    def __init__(self, seed: Index = 0) -> None:
        self.seed = seed

    def __call__(self, bank: ErrorBank, store: TileStore) -> ErrorBank:
        """The control in the form of a bank."""
        order = np.random.default_rng(self.seed).permutation(len(bank))
        source = np.empty(len(bank), int)
        source[order] = np.roll(order, 1)
        return _marked_bank(bank, store, (_wrong(bank, tile) for tile in source))


@TASK_UTILS.register_module()
class MinimumCount:
    """A refinement: errors are pixels that were wrong in enough passes.

    "Ever wrong" takes in every pixel that a single unlucky pass got wrong. The bank
    must have been accumulated with ``ErrorAccumulationHook(counts=True)``.

    Args:
        share: Of the bank's passes in which a pixel must have been wrong, in (0, 1].
    """

    def __init__(self, share: PositiveShare) -> None:
        self.share = checked(PositiveShare, share, "MinimumCount.share")

    def __call__(self, bank: ErrorBank, store: TileStore) -> ErrorBank:
        """The refined bank.

        Raises:
            UserError: The bank has no counts.
        """
        needed = self.share * bank.passes

        def often(tile_id: int) -> np.ndarray:
            counts = bank.counts(tile_id)
            return counts["fn_count"].astype(int) + counts["fp_count"] >= needed

        return _marked_bank(bank, store, (often(tile) for tile in range(len(bank))))


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
        return _marked_bank(bank, store, bands)


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
        yield np.where(mask == IGNORE, np.inf, distance)


def _marked_bank(
    bank: ErrorBank, store: TileStore, masks: Iterable[np.ndarray]
) -> ErrorBank:
    """A bank in which given pixels were wrong.

    Marked target pixels count as FN, marked background as FP; ignored pixels are
    never wrong.

    Args:
        bank: Gives tile shape, fingerprint and what the result says of itself.
        store: Of the same tiles.
        masks: For each tile (H, W) bool.
    """
    result = ErrorBank(len(bank), bank.tile_shape, bank.fingerprint)
    for tile_id, mask in enumerate(masks):
        target = np.asarray(store.masks[tile_id])
        # Wrong where marked: the opposite of the target is "predicted" there.
        predicted = (target == 1) ^ mask
        result.update(np.array([tile_id]), predicted[None], target[None], epoch=0)
    result.meta = dict(bank.meta)
    return result


def _wrong(bank: ErrorBank, tile_id: int) -> np.ndarray:
    """(H, W) bool: which pixels of a tile were ever FN or FP."""
    return bank.codes(tile_id) != 0
