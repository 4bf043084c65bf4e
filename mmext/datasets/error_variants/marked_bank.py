"""A bank that says what a list of masks says."""

from collections.abc import Iterable

import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.structures import ErrorBank


def marked_bank(
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


def wrong(bank: ErrorBank, tile_id: int) -> np.ndarray:
    """(H, W) bool: which pixels of a tile were ever FN or FP."""
    return bank.codes(tile_id) != 0
