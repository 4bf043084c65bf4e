"""Scores on the training set itself, epoch by epoch."""

from typing import Literal

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import Runner

from mmext.checked import Count, checked
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion
from mmext.inference.error_pass import (
    TileErrors,
    find_errors_of_share,
    pass_batch_size,
)
from mmext.inference.folding import NOT_FOLDED
from mmext.registry import HOOKS

TRAIN_SCORES = "mmext_train_scores"
PassPrecision = Literal["training", "fp32", "bf16", "fp16"]
_DTYPES = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


@HOOKS.register_module()
class TrainingSetMetricHook(Hook):
    """Predict the training tiles at the end of an epoch and score them.

    The scores, by channel, lie in the message hub under ``mmext_train_scores``
    (an :class:`~mmext.evaluation.confusion.Confusion` dict each) and go into
    ``history.jsonl`` from there.

    Args:
        interval: Epochs between two passes; the last epoch always has one.
        batch_size: Tiles a batch; None chooses
            (:func:`~mmext.inference.error_pass.pass_batch_size`).
        fold: Predict with batch norms folded into the convolutions, where the
            network allows it; a warning says where not. That is faster, and moves
            probabilities by rounding: a pixel that lies within it of the threshold
            may fall on the other side.
        precision: What convolutions run in: ``'training'``, as the training's do
            (``AmpOptimWrapper``), or ``'fp32'``, ``'bf16'``, ``'fp16'``. Sixteen bits
            move more pixels than folding does; a processor must be built for them to
            be faster.
    """

    def __init__(
        self,
        interval: Count = 1,
        batch_size: Count | None = None,
        fold: bool = True,
        precision: PassPrecision = "training",
    ) -> None:
        self.interval = checked(Count, interval, f"{type(self).__name__}.interval")
        self.batch_size = checked(
            Count | None, batch_size, f"{type(self).__name__}.batch_size"
        )
        self.fold = checked(bool, fold, f"{type(self).__name__}.fold")
        self.precision: PassPrecision = checked(
            PassPrecision, precision, f"{type(self).__name__}.precision"
        )
        self._said_not_folded = False

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
            self._publish(runner, scores(self._run_pass(runner)))

    def _run_pass(self, runner: Runner) -> TileErrors:
        batch_size = self.batch_size or pass_batch_size(
            runner.model,
            self.store.masks.shape[1] * self.store.masks.shape[2],
            runner.train_dataloader.batch_size,
        )
        found = find_errors_of_share(
            runner.model,
            self.store,
            self.tile_ids,
            batch_size,
            self.fold,
            _autocast(runner, self.precision),
        )
        if self.fold and not found.folded and not self._said_not_folded:
            self._said_not_folded = True
            runner.logger.warning(
                f"{type(self).__name__}.fold: is True, but of the model "
                f"{NOT_FOLDED} (as with fold=False)"
            )
        return found

    def _publish(self, runner: Runner, found: dict[str, dict[str, float]]) -> None:
        runner.message_hub.update_info(TRAIN_SCORES, found, resumed=False)


def scores(errors: TileErrors) -> dict[str, dict[str, float]]:
    """A pass's scores by channel, as they go into ``history.jsonl``."""
    return {
        name: Confusion(*sums.tolist()).as_dict() for name, sums in errors.sums.items()
    }


def _autocast(runner: Runner, precision: PassPrecision) -> torch.dtype | None:
    if precision != "training":
        return _DTYPES[precision]
    if not isinstance(runner.optim_wrapper, AmpOptimWrapper):
        return None
    device = next(runner.model.parameters()).device
    return runner.optim_wrapper.cast_dtype or torch.get_autocast_dtype(device.type)
