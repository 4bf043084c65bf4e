"""Batches in which sparse targets are present."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from mmengine.logging import print_log
from pydantic import Field

from mmext.checked import Index, NotNegative, Share
from mmext.datasets.tile_dataset import TileDataset
from mmext.datasets.tile_store import POSITIVE_THRESHOLD
from mmext.errors import UserError
from mmext.registry import DATA_SAMPLERS

from .weighted_tile_sampler import WeightedTileSampler

Ratio = Annotated[Sequence[NotNegative], Field(min_length=2, max_length=2)]


@DATA_SAMPLERS.register_module()
class PositiveTileSampler(WeightedTileSampler):
    """Draw positive and negative tiles at a fixed ratio.

    A tile is positive if more than ``positive_threshold`` of its valid pixels are
    target. Tiles are drawn with replacement, positive : negative in ``ratio`` on
    average (Ahn et al. 2025, section II.4).

    Args:
        dataset: A ``TileDataset``.
        positive_threshold: Share of target above which a tile is positive.
        ratio: Positive and negative parts.
        seed: Seed; None draws one that all processes share.

    Raises:
        UserError: No tile is positive, or both parts are 0.
    """

    def __init__(
        self,
        dataset: TileDataset,
        positive_threshold: Share = POSITIVE_THRESHOLD,
        ratio: Ratio = (2, 1),
        seed: Index | None = None,
    ) -> None:
        if not sum(ratio) > 0:
            raise UserError(
                f"PositiveTileSampler.ratio: is {tuple(ratio)}, expected a part above 0"
            )
        positive = dataset.positive_fraction > positive_threshold
        super().__init__(
            _weights(positive, ratio, str(dataset.store.path)),
            {"positive": positive, "negative": ~positive},
            seed,
        )


def _weights(positive: np.ndarray, ratio: Ratio, store: str) -> np.ndarray:
    number = int(positive.sum())
    if number == 0:
        raise UserError(
            f"{store}: no tile is positive, PositiveTileSampler expects some; check "
            "the labels, or use DefaultSampler"
        )
    if number == len(positive):
        print_log(
            f"{store}: every tile is positive, so tiles are drawn uniformly",
            logger="current",
        )
        return np.ones(number)
    return np.where(positive, ratio[0] / number, ratio[1] / (len(positive) - number))
