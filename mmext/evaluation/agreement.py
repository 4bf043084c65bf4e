"""How far two ways of running one network agree, on a tile store."""

from dataclasses import dataclass

import numpy as np
import torch

from mmext.datasets.tile_store import TileStore
from mmext.inference.predictor import Predictor
from mmext.pixel_values import IGNORE

from .confusion import Confusion, confusion

_BATCH = 8


@dataclass(frozen=True)
class Agreement:
    """What another way of running a network changes.

    Attributes:
        reference: IoU of the decided mask with the store's labels.
        found: The other way's.
        differing: Share of valid pixels that are decided otherwise.
        largest: Largest difference of a probability.
    """

    reference: float
    found: float
    differing: float
    largest: float

    def __str__(self) -> str:
        change = self.found - self.reference
        return (
            f"IoU {self.found:.4f} instead of {self.reference:.4f} ({change:+.4f}), "
            f"{self.differing:.2g} of the pixels decided otherwise, probabilities "
            f"differ by at most {self.largest:.2g}"
        )


def agreement(reference: Predictor, other: Predictor, store: TileStore) -> Agreement:
    """Predict a store both ways and compare.

    Args:
        reference: The network as it was trained.
        other: The same network, run otherwise.
        store: The tiles; all are predicted.
    """
    ways = (reference, other)
    sums, changed, valid, largest = [Confusion(), Confusion()], 0, 0, 0.0
    for start in range(0, len(store), _BATCH):
        tiles = slice(start, start + _BATCH)
        # Copied: torch wants arrays that can be written to.
        images = torch.from_numpy(np.array(store.images[tiles])).permute(0, 3, 1, 2)
        target = np.asarray(store.masks[tiles])
        found = [way.probabilities(images) for way in ways]
        masks = [
            way.decide(values)["mask"].numpy()
            for way, values in zip(ways, found, strict=True)
        ]
        sums = [
            total + confusion(mask, target)
            for total, mask in zip(sums, masks, strict=True)
        ]
        known = target != IGNORE
        changed += int(((masks[0] != masks[1]) & known).sum())
        valid += int(known.sum())
        largest = max(largest, float((found[0] - found[1]).abs().max()))
    return Agreement(
        sums[0].iou, sums[1].iou, changed / valid if valid else float("nan"), largest
    )
