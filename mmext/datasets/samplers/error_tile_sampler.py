"""Batches in which tiles with errors of an earlier training are frequent."""

from typing import Literal

import numpy as np

from mmext.checked import Index, Positive, Share, checked
from mmext.datasets.tile_dataset import TileDataset
from mmext.errors import UserError
from mmext.registry import DATA_SAMPLERS

from .weighted_tile_sampler import WeightedTileSampler

Weighting = Literal["upweight", "area"]


@DATA_SAMPLERS.register_module()
class ErrorTileSampler(WeightedTileSampler):
    """Draw tiles by the errors accumulated on them.

    Two ways from the literature, brought to tiles:

    * ``upweight``: a tile of the error set weighs ``factor`` times another (Liu et
      al., "Just Train Twice", 2021). The error set are the tiles of which more than
      ``threshold`` was ever wrong.
    * ``area``: a tile weighs its share of wrong pixels over the mean share, plus
      ``1 / factor`` for every tile (after the error maps of Berger et al., "An
      Adaptive Sampling Scheme to Efficiently Train FCNs", 2018).

    Args:
        dataset: A ``TileDataset`` with an ``error_mask``.
        weighting: ``'upweight'`` or ``'area'``.
        factor: See there, above 0.
        threshold: Share of a tile's pixels.
        seed: Seed; None draws one that all processes share.

    Raises:
        UserError: The data set has no errors, or an argument is out of range.
    """

    def __init__(
        self,
        dataset: TileDataset,
        weighting: Weighting = "upweight",
        factor: Positive = 5.0,
        threshold: Share = 0.001,
        seed: Index | None = None,
    ) -> None:
        checked(Weighting, weighting, "ErrorTileSampler.weighting")
        checked(Positive, factor, "ErrorTileSampler.factor")
        shares = error_shares(dataset)
        if weighting == "upweight":
            weights = np.where(shares > threshold, factor, 1.0)
        else:
            mean = shares.mean()
            weights = 1 / factor + (shares / mean if mean > 0 else 0 * shares)
        wrong = shares > (threshold if weighting == "upweight" else 0)
        super().__init__(weights, {"error": wrong, "other": ~wrong}, seed)


def error_shares(dataset: TileDataset) -> np.ndarray:
    """(N,) share of each of the data set's tiles that was ever wrong.

    Raises:
        UserError: The data set has no error bank.
    """
    bank = dataset.bank
    if bank is None:
        raise UserError(
            "train_dataloader.dataset.error_mask: is not set, ErrorTileSampler expects "
            "a snapshot of stage 1 (error_bank_epoch_N.npz)"
        )
    return np.array([np.mean(bank.codes(tile) != 0) for tile in dataset.indices])
