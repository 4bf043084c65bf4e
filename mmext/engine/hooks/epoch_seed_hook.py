"""Random numbers that depend on the epoch, not on what ran before it."""

import random

import numpy as np
import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.errors import UserError
from mmext.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every generator at the start of each epoch from (seed, epoch, rank).

    A run that was killed and resumed from an epoch's checkpoint then goes on as
    if it had never stopped, whatever validation, accumulation or logging drew
    in between, and no generator state has to be stored. Loader workers seeded
    by ``epoch_worker_init_fn`` follow, since their seeds come from the main
    process's generator.
    """

    priority = "VERY_HIGH"

    def __init__(self) -> None:
        self.seed = 0

    def before_run(self, runner: Runner) -> None:
        """Note the config's seed: resuming overwrites the Runner's own.

        A branch that starts from its parent's checkpoint must keep a stream of
        its own.
        """
        self.seed = int(runner.seed)

    def before_train(self, runner: Runner) -> None:
        """Refuse workers that live on: they would keep their own streams."""
        loader = runner.train_dataloader
        if loader.num_workers > 0 and loader.persistent_workers:
            raise UserError(
                "train_dataloader.persistent_workers: is True, expected False: "
                "workers that outlive an epoch cannot be resumed exactly"
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed Python, NumPy and torch (all devices)."""
        sequence = np.random.SeedSequence((self.seed, runner.epoch, dist.get_rank()))
        first, second, third = (int(word) for word in sequence.generate_state(3))
        random.seed(first)
        np.random.seed(second)  # noqa: NPY002 - mmcv draws from the global generator
        torch.manual_seed(third)
