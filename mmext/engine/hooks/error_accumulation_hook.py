"""Collecting every training pixel that is still sometimes wrong."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Literal

import numpy as np
from mmengine import dist
from mmengine.runner import Runner
from pydantic import ConfigDict
from typing_extensions import NotRequired, TypedDict

from mmext.checked import Count, Index, Share, checked
from mmext.engine.run_warnings import warn_once
from mmext.engine.training_errors import TrainingErrors, refuse_what_cannot_be_undone
from mmext.engine.work_dir import snapshot_path
from mmext.errors import UserError
from mmext.pixel_values import IGNORE
from mmext.registry import HOOKS
from mmext.structures import ErrorBank, save_bank

from .training_set_metric_hook import PassPrecision, TrainingSetMetricHook, scores

CFDR = "mmext_cfdr"
#: The lowest training IoU at which an epoch's errors were collected, if by passes.
COLLECTED_AT = "mmext_collected_at"
_STATE = "error_accumulation"


class TrainIou(TypedDict):
    """Begin once the network fits.

    Attributes:
        train_iou: With the epoch after the one in which the training IoU reached this.
        epochs: The mean over so many scored epochs must reach it, not one lucky epoch;
            1 where absent.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    train_iou: Share
    epochs: NotRequired[Count]


Begin = Index | TrainIou


@HOOKS.register_module()
class ErrorAccumulationHook(TrainingSetMetricHook):
    """Accumulate the training set's errors into an :class:`ErrorBank`.

    From ``begin`` on the whole training set is predicted, without
    augmentation and in eval mode, at evenly spaced points of every epoch, the
    last of them at its end; false negatives and false positives are OR-ed into
    the bank (Ahn et al. 2025, section II.5.2: three times an epoch, from epoch
    100 on). The pass at the end of an epoch also gives its training scores;
    before ``begin`` that is the epoch's only pass.

    What happens to the premise on the way is watched by
    :class:`~mmext.engine.hooks.PremiseHook`.

    The bank travels with the checkpoint, so a resumed run accumulates exactly
    what an uninterrupted one would have. Under distributed training each
    process predicts its own share of the tiles and all hold the union at the
    end of every epoch.

    There are two cheaper ways, and they collect something else. ``pass_interval``
    leaves epochs out. ``source='training'`` collects the errors that the training's own
    steps make, without a pass: with the weights of each step, batch norm by the batch,
    on augmented tiles, whose errors are turned and flipped back; a tile's errors in an
    epoch are those of all its draws together, and an epoch counts as one pass. Tiles
    that the sampler leaves out of an epoch have none of it. Training scores, which are
    those of a pass, end when it begins.

    Args:
        begin: Finished epochs before accumulation starts, or
            ``dict(train_iou=0.99)``: start with the epoch after the one whose
            training IoU reached that; with ``epochs=5``, the mean of the last five.
        passes_per_epoch: Passes in an epoch once begun. An epoch of fewer
            iterations has one pass after each. Not used with ``source='training'``.
        snapshots: Epochs after which the bank is written to
            ``error_bank_epoch_N.npz``; the last epoch always is if anything was
            accumulated, wherever a hook ends the training.
        counts: Also keep how often and when (8 bytes for each pixel ever wrong).
        interval: Epochs between two training scores before ``begin``.
        batch_size: See :class:`TrainingSetMetricHook`.
        held_out: Predict the store's tiles that the data set leaves out
            (``TileDataset.folds``) instead of those that it trains on. Their errors
            are those on unseen data; no training scores are had then.
        fold: See :class:`TrainingSetMetricHook`.
        precision: See :class:`TrainingSetMetricHook`.
        source: ``'passes'`` over the training set, or the ``'training'`` forward. The
            latter needs ``collate_tiles`` and a pipeline that can be undone.
        pass_interval: Epochs from one that accumulates to the next, after ``begin``: of
            5, epochs 105, 110, … where it begins after 100. The others are scored
            as before ``begin``, every ``interval`` epochs.
        min_train_iou: A pass whose training IoU is below this is left out of the bank.
            A network that has fitted may still come off for an epoch, and one such
            epoch can bring more errors than all others.
    """

    def __init__(
        self,
        begin: Begin = 100,
        passes_per_epoch: Count = 3,
        snapshots: Sequence[Count] = (),
        counts: bool = False,
        interval: Count = 1,
        batch_size: Count | None = None,
        held_out: bool = False,
        fold: bool = True,
        precision: PassPrecision = "training",
        source: Literal["passes", "training"] = "passes",
        pass_interval: Count = 1,
        min_train_iou: Share = 0.0,
    ) -> None:
        super().__init__(interval, batch_size, fold, precision)
        self.begin: Begin = checked(Begin, begin, "ErrorAccumulationHook.begin")
        self.passes_per_epoch = checked(
            Count, passes_per_epoch, "ErrorAccumulationHook.passes_per_epoch"
        )
        self.snapshots = tuple(snapshots)
        self.counts = counts
        self.held_out = held_out
        self.source = checked(
            Literal["passes", "training"], source, "ErrorAccumulationHook.source"
        )
        self.pass_interval = checked(
            Count, pass_interval, "ErrorAccumulationHook.pass_interval"
        )
        self.min_train_iou = checked(
            Share, min_train_iou, "ErrorAccumulationHook.min_train_iou"
        )
        if min_train_iou and (held_out or source == "training"):
            raise UserError(
                f"ErrorAccumulationHook.min_train_iou: is {min_train_iou:g}, but "
                f"{'held_out=True' if held_out else 'source=training'} measures no "
                "training IoU; expected 0"
            )
        if held_out and source == "training":
            raise UserError(
                "ErrorAccumulationHook.source: is 'training' with held_out=True; tiles "
                "that are held out are in no training step, expected 'passes'"
            )
        if held_out and isinstance(begin, dict):
            raise UserError(
                "ErrorAccumulationHook.begin: is a training IoU, which held_out=True "
                "does not measure; expected an epoch"
            )
        # The number of finished epochs at which accumulation started.
        self.begun_after: int | None = None
        # Training IoU of the last epochs, as many as ``begin`` takes the mean of.
        self._ious: list[float] = []
        self._bank: ErrorBank | None = None
        self._scores: dict[str, dict[str, float]] | None = None
        self._training_errors: TrainingErrors | None = None
        self._snapshot_epoch = 0
        # Training IoU of the epoch's passes that were left out.
        self._left_out: list[float] = []

    @property
    def bank(self) -> ErrorBank:
        """The bank, once training has started."""
        assert self._bank is not None
        return self._bank

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the saved state until the training store is known."""
        self._loaded: dict[str, Any] | None = checkpoint.get(_STATE)

    def before_train(self, runner: Runner) -> None:
        """Make the bank, or take it over from the checkpoint."""
        super().before_train(runner)
        if self.held_out:
            self.tile_ids = np.setdiff1d(np.arange(len(self.store)), self.tile_ids)
        if not len(self.tile_ids):
            raise UserError(
                "ErrorAccumulationHook.held_out: is True, but the data set leaves no "
                "tile out; expected train_dataloader.dataset.folds"
            )
        shape = self.store.masks.shape[1:3]
        self._bank = ErrorBank(
            len(self.store), shape, self.store.fingerprint, self.counts
        )
        state = getattr(self, "_loaded", None)
        if state is not None:
            self._bank.load_state_dict(state["bank"])
            self.begun_after = state["begun"]
            self._ious = state.get("train_ious", [])
        self.valid_pixels = _count_valid(self.store.masks)
        if self.source == "training":
            refuse_what_cannot_be_undone(
                runner.train_dataloader, "ErrorAccumulationHook.source"
            )
        self._announce(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin when the stated epoch has come."""
        if (
            self.begun_after is None
            and isinstance(self.begin, int)
            and runner.epoch >= self.begin
        ):
            self._start(runner, runner.epoch)
        self._pass_points = set()
        self._left_out = []
        runner.message_hub.runtime_info.pop(COLLECTED_AT, None)
        if not self._accumulates(runner.epoch + 1):
            return
        if self.source == "training":
            tiles, height, width = self.store.masks.shape
            self._training_errors = TrainingErrors(runner.model, tiles, height * width)
        else:
            self._pass_points = pass_points(
                len(runner.train_dataloader), self.passes_per_epoch
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Collect the step's errors, or run a pass where one is due."""
        if self._training_errors is not None:
            self._training_errors.add_step()
        if batch_idx + 1 not in self._pass_points:
            return
        found = self._run_pass(runner)
        self._scores = scores(found)
        iou = self._scores["target"]["iou"]
        if self.min_train_iou and not iou >= self.min_train_iou:
            self._left_out.append(iou)
            return
        self.bank.add(found.tile_ids, found.fn, found.fp, epoch=runner.epoch + 1)
        self.bank.passes += 1
        if not self.held_out:
            lowest = min(iou, runner.message_hub.runtime_info.get(COLLECTED_AT, iou))
            runner.message_hub.update_info(COLLECTED_AT, lowest, resumed=False)

    def after_train_epoch(self, runner: Runner) -> None:
        """Publish scores and CFDR, unite the processes' banks, snapshot."""
        epoch = runner.epoch + 1
        if not self._accumulates(epoch):
            super().after_train_epoch(runner)
            if self.begun_after is None:
                self._begin_at_train_iou(runner, epoch)
                return
        elif self._training_errors is not None:
            self._add_training_errors(runner, self._training_errors, epoch)
            self._training_errors = None
        else:
            assert self._scores is not None
            self._publish(runner, self._scores)
            self._say_left_out(runner, epoch)
            self.bank.sync(dist.get_rank(), dist.get_world_size())
        if not self.bank.passes:
            return
        ratio = self.bank.cfdr(self.valid_pixels)
        runner.message_hub.update_info(CFDR, ratio, resumed=False)
        if epoch in self.snapshots or epoch == runner.max_epochs:
            self._write_snapshot(runner, epoch)

    def after_train(self, runner: Runner) -> None:
        """Snapshot where a hook stopped the training; say if nothing was begun."""
        if self.bank.passes:
            if runner.epoch < runner.max_epochs:
                self._write_snapshot(runner, runner.epoch)
            return
        warn_once(
            runner,
            "never-begun",
            runner.epoch,
            f"No errors were accumulated in {runner.epoch} epochs, so there is no "
            f"error bank: {self._why_none}",
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the bank beside the weights."""
        checkpoint[_STATE] = {
            "begun": self.begun_after,
            "train_ious": self._ious,
            "bank": self.bank.state_dict(),
        }

    def _publish(self, runner: Runner, found: dict[str, dict[str, float]]) -> None:
        if not self.held_out:
            super()._publish(runner, found)
        self._scores = found

    @property
    def _why_none(self) -> str:
        if self.begun_after is not None and self.min_train_iou:
            return (
                "no pass had ErrorAccumulationHook.min_train_iou, a training IoU of "
                f"{self.min_train_iou:g}; train longer, or give a lower one"
            )
        return (
            f"ErrorAccumulationHook.begin is {_in_words(self.begin)}{self._often}; "
            "train longer, or begin sooner"
        )

    def _say_left_out(self, runner: Runner, epoch: int) -> None:
        if self._left_out:
            runner.logger.info(
                f"Epoch {epoch}: {len(self._left_out)} of {len(self._pass_points)} "
                f"passes left out of the bank, training IoU "
                f"{', '.join(f'{iou:.4f}' for iou in self._left_out)}, expected "
                f"{self.min_train_iou:g} or more"
            )

    @property
    def _often(self) -> str:
        return "" if self.pass_interval == 1 else f", every {self.pass_interval} epochs"

    def _accumulates(self, epoch: int) -> bool:
        """Whether errors are collected in an epoch, counted from 1."""
        return (
            self.begun_after is not None
            and (epoch - self.begun_after) % self.pass_interval == 0
        )

    def _add_training_errors(
        self, runner: Runner, found: TrainingErrors, epoch: int
    ) -> None:
        tile_ids, fn, fp = found.close()
        self.bank.add(tile_ids, fn, fp, epoch)
        self.bank.passes += 1
        missing = len(np.setdiff1d(self.tile_ids, tile_ids))
        if missing:
            runner.logger.info(
                f"Epoch {epoch} trained on {len(tile_ids)} of {len(self.tile_ids)} "
                f"tiles; its errors are without those of the other {missing}"
            )

    def _announce(self, runner: Runner) -> None:
        """Say what will be accumulated and written, and what won't."""
        last = runner.max_epochs
        if (
            self.begun_after is None
            and isinstance(self.begin, int)
            and self.begin + self.pass_interval > last
        ):
            warn_once(
                runner,
                "never-begun",
                runner.epoch,
                f"ErrorAccumulationHook.begin is {self.begin}{self._often} and the "
                f"training ends after epoch {last}: no errors will be accumulated; "
                "train longer, or begin sooner",
            )
            return
        first = self.begin if isinstance(self.begin, int) else 0
        coming = sorted({e for e in self.snapshots if first < e < last} | {last})
        left_out = sorted(set(self.snapshots) - set(coming))
        unless = f", not after {_listed(left_out)}" if left_out else ""
        runner.logger.info(
            f"Errors will be accumulated after {_in_words(self.begin)}, and the bank "
            f"written after epoch {_listed(coming)}{unless}"
        )

    def _begin_at_train_iou(self, runner: Runner, epoch: int) -> None:
        if not isinstance(self.begin, dict) or self._scores is None:
            return
        epochs = self.begin.get("epochs", 1)
        self._ious = [*self._ious, self._scores["target"]["iou"]][-epochs:]
        self._scores = None
        enough = len(self._ious) == epochs
        if enough and mean(self._ious) >= self.begin["train_iou"]:
            self._start(runner, epoch)

    def _start(self, runner: Runner, epoch: int) -> None:
        self.begun_after = epoch
        if self.source == "training":
            runner.logger.info(
                f"Accumulating the errors of training steps after epoch {epoch}"
                f"{self._often}; in these epochs there are no passes and no training "
                "scores"
            )
            return
        runner.logger.info(
            f"Accumulating training errors after epoch {epoch}, "
            f"{self.passes_per_epoch} passes an epoch{self._often}"
        )
        iterations = len(runner.train_dataloader)
        if iterations < self.passes_per_epoch:
            runner.logger.warning(
                f"An epoch has {iterations} iterations: that many passes an epoch, "
                f"not {self.passes_per_epoch}"
            )

    def _write_snapshot(self, runner: Runner, epoch: int) -> None:
        if epoch == self._snapshot_epoch:
            return
        self._snapshot_epoch = epoch
        if dist.is_main_process():
            path = snapshot_path(Path(runner.work_dir), epoch)
            save_bank(
                self.bank,
                path,
                begin=self.begun_after,
                epoch=epoch,
                threshold=_thresholds(runner),
                valid_pixels=self.valid_pixels,
            )
            runner.logger.info(f"Error bank written to {path}")
        dist.barrier()


def pass_points(iterations: int, passes: int) -> set[int]:
    """Iterations, counted from 1, after which a pass runs.

    Evenly spaced, the last at the epoch's end: for 10 iterations and 3 passes
    {4, 7, 10}.
    """
    return {-(-k * iterations // passes) for k in range(1, passes + 1)}


def _in_words(begin: Begin) -> str:
    if isinstance(begin, int):
        return f"epoch {begin}"
    epochs = begin.get("epochs", 1)
    over = f", as the mean of {epochs} epochs" if epochs > 1 else ""
    return f"a training IoU of {begin['train_iou']:g}{over}"


def _listed(epochs: list[int]) -> str:
    *most, last = map(str, epochs)
    return f"{', '.join(most)} and {last}" if most else last


def _thresholds(runner: Runner) -> float | dict[str, float]:
    model = getattr(runner.model, "module", runner.model)
    threshold = model.union_decoder.threshold
    return dict(threshold) if isinstance(threshold, dict) else float(threshold)


def _count_valid(masks: np.ndarray) -> int:
    # Tile by tile: the memory map need not fit into memory.
    return sum(int(np.count_nonzero(mask != IGNORE)) for mask in masks)
