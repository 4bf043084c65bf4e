"""Batches in which sparse targets are present."""

from collections.abc import Iterator

import numpy as np
import torch
from mmengine import dist
from mmengine.logging import print_log
from torch.utils.data import Sampler, WeightedRandomSampler

from mmext.datasets.tile_dataset import TileDataset
from mmext.datasets.tile_store import POSITIVE_THRESHOLD
from mmext.errors import UserError
from mmext.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class PositiveTileSampler(Sampler[int]):
    """Draw positive and negative tiles at a fixed ratio.

    A tile is positive if more than ``positive_threshold`` of its valid pixels are
    target. Tiles are drawn with replacement, positive : negative in ``ratio`` on
    average, by torch's ``WeightedRandomSampler`` (Ahn et al. 2025, section II.4).
    All processes draw the same sequence, made from the seed and the epoch, and take
    every R-th of it, so a run on several processes sees what a run on one would.

    Args:
        dataset: A ``TileDataset``.
        positive_threshold: Share of target above which a tile is positive.
        ratio: Positive and negative parts.
        seed: Seed; None draws one that all processes share.

    Raises:
        UserError: No tile is positive.
    """

    def __init__(
        self,
        dataset: TileDataset,
        positive_threshold: float = POSITIVE_THRESHOLD,
        ratio: tuple[float, float] = (2, 1),
        seed: int | None = None,
    ) -> None:
        self.rank, self.world_size = dist.get_rank(), dist.get_world_size()
        self.seed = dist.sync_random_seed() if seed is None else seed
        self.epoch = 0
        positive = dataset.positive_fraction > positive_threshold
        self.weights = _weights(positive, ratio, str(dataset.store.path))
        # Every process draws the same number, the last round filled up.
        self.num_samples = -(-len(dataset) // self.world_size)

    def __iter__(self) -> Iterator[int]:
        """Indices of this process's draws in this epoch."""
        generator = torch.Generator()
        words = np.random.SeedSequence((self.seed, self.epoch)).generate_state(2)
        generator.manual_seed(int(words[0]) << 32 | int(words[1]))
        draws = WeightedRandomSampler(
            self.weights,
            self.num_samples * self.world_size,
            replacement=True,
            generator=generator,
        )
        return iter(list(draws)[self.rank :: self.world_size])

    def __len__(self) -> int:
        """Draws of this process in an epoch."""
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose draws come next; mmengine's seed hook calls it."""
        self.epoch = epoch


def _weights(
    positive: np.ndarray, ratio: tuple[float, float], store: str
) -> torch.Tensor:
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
        return torch.ones(number, dtype=torch.float64)
    weights = np.where(positive, ratio[0] / number, ratio[1] / (len(positive) - number))
    return torch.from_numpy(weights)
