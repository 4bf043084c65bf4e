"""Errors that have nothing to do with the image."""

import numpy as np

from mmext.checked import Index
from mmext.datasets.tile_store import TileStore
from mmext.registry import TASK_UTILS
from mmext.structures import ErrorBank

from .marked_bank import marked_bank, wrong


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
        return marked_bank(bank, store, (wrong(bank, tile) for tile in source))
