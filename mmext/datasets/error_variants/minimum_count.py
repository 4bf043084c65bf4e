"""Only what was wrong again and again."""

import numpy as np

from mmext.checked import PositiveShare, checked
from mmext.datasets.tile_store import TileStore
from mmext.registry import TASK_UTILS
from mmext.structures import ErrorBank

from .marked_bank import marked_bank


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

        return marked_bank(bank, store, (often(tile) for tile in range(len(bank))))
