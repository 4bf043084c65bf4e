"""Scores on the training set itself, epoch by epoch."""

from collections.abc import Callable

import numpy as np
import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.checked import Count, checked
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.inference.store_pass import PredictedTiles, predict_share
from mmext.registry import HOOKS

TRAIN_SCORES = "mmext_train_scores"


@HOOKS.register_module()
class TrainingSetMetricHook(Hook):
    """Predict the training tiles at the end of an epoch and score them.

    The scores, by channel, lie in the message hub under ``mmext_train_scores``
    (an :class:`~mmext.evaluation.confusion.Confusion` dict each) and go into
    ``history.jsonl`` from there.

    Args:
        interval: Epochs between two passes; the last epoch always has one.
        batch_size: Tiles a batch; None takes the training loader's.
    """

    def __init__(self, interval: Count = 1, batch_size: Count | None = None) -> None:
        self.interval = checked(Count, interval, f"{type(self).__name__}.interval")
        self.batch_size = checked(
            Count | None, batch_size, f"{type(self).__name__}.batch_size"
        )

    def before_train(self, runner: Runner) -> None:
        """Find the training store.

        Raises:
            UserError: The training set is not a ``TileDataset``.
        """
        dataset = runner.train_dataloader.dataset
        store = getattr(dataset, "store", None)
        if not isinstance(store, TileStore):
            raise UserError(
                f"train_dataloader.dataset: is a {type(dataset).__name__}, "
                f"{type(self).__name__} expects a TileDataset"
            )
        self.store = store
        self.tile_ids = np.asarray(dataset.indices)

    def after_train_epoch(self, runner: Runner) -> None:
        """Score the epoch if its turn has come."""
        epoch = runner.epoch + 1
        if epoch % self.interval == 0 or epoch == runner.max_epochs:
            self._publish(runner, self._run_pass(runner))

    def _run_pass(
        self,
        runner: Runner,
        on_tiles: Callable[[PredictedTiles], None] | None = None,
    ) -> dict[str, dict[str, float]]:
        sums: dict[str, Confusion] = {}
        batch_size = self.batch_size or runner.train_dataloader.batch_size
        for tiles in predict_share(runner.model, self.store, batch_size, self.tile_ids):
            if on_tiles is not None:
                on_tiles(tiles)
            masks = dict(tiles.channels)
            if len(masks) > 1:
                masks["union"] = tiles.mask
            for name, mask in masks.items():
                sums[name] = sums.get(name, Confusion()) + confusion(mask, tiles.target)
        return {
            name: _sum_over_ranks(sums.get(name, Confusion())).as_dict()
            for name in _names(runner)
        }

    def _publish(self, runner: Runner, scores: dict[str, dict[str, float]]) -> None:
        runner.message_hub.update_info(TRAIN_SCORES, scores, resumed=False)


def _names(runner: Runner) -> list[str]:
    model = getattr(runner.model, "module", runner.model)
    channels = list(model.channels)
    return channels if len(channels) == 1 else [*channels, "union"]


def _sum_over_ranks(counts: Confusion) -> Confusion:
    wire = torch.tensor([counts.tp, counts.fp, counts.fn, counts.tn])
    dist.all_reduce(wire, op="sum")
    return Confusion(*wire.tolist())
