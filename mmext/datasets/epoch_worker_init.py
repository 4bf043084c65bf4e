"""Seeding of data loader workers."""

import random

import numpy as np
import torch

from mmext.registry import FUNCTIONS


@FUNCTIONS.register_module()
def epoch_worker_init_fn(worker_id: int) -> None:
    """Seed Python's and NumPy's generators from torch's in this worker.

    torch seeds each worker from the loader's base seed, which is drawn anew in
    every epoch. mmengine's own function uses the run's seed instead, so workers
    that start with the epoch would repeat their augmentations in every epoch.

    Args:
        worker_id: Number of the worker; already part of torch's seed.
    """
    words = np.random.SeedSequence(torch.initial_seed()).generate_state(2)
    random.seed(int(words[0]))
    np.random.seed(int(words[1]))  # noqa: NPY002 - mmcv draws from it


__all__ = ["epoch_worker_init_fn"]
