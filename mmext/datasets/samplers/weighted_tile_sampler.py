"""Draws of tiles by weight, the same on any number of processes."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from mmengine import dist
from torch.utils.data import Sampler, WeightedRandomSampler

from mmext.checked import Index


class WeightedTileSampler(Sampler[int]):
    """Draw tiles with replacement by torch's ``WeightedRandomSampler``.

    An epoch has as many draws as the data set has tiles. All processes draw the same
    sequence, made from the seed and the epoch, and take every R-th of it, so a run on
    several processes sees what a run on one would.

    Args:
        weights: (N,) weight of each tile, ≥ 0, in any unit.
        classes: (N,) bool by name: the classes of tiles that the weights tell apart.
        seed: Seed; None draws one that all processes share.
    """

    def __init__(
        self,
        weights: np.ndarray,
        classes: Mapping[str, np.ndarray],
        seed: Index | None = None,
    ) -> None:
        self.rank, self.world_size = dist.get_rank(), dist.get_world_size()
        self.seed = dist.sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.weights = torch.from_numpy(np.asarray(weights, np.float64))
        self.classes = dict(classes)
        # Every process draws the same number, the last round filled up.
        self.num_samples = -(-len(weights) // self.world_size)

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

    def draws(self) -> dict[str, np.ndarray]:
        """How often an epoch draws the tiles of each class, on average of epochs.

        Returns:
            (M,) expected draws of the class's tiles, on all processes together.
        """
        weights = self.weights.numpy()
        draws = weights / weights.sum() * self.num_samples * self.world_size
        return {name: draws[members] for name, members in self.classes.items()}

    def __len__(self) -> int:
        """Draws of this process in an epoch."""
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose draws come next; mmengine's seed hook calls it."""
        self.epoch = epoch
