"""Watching what two-stage training rests on."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.checked import Count, Positive, Share
from mmext.datasets.samplers import WeightedTileSampler
from mmext.engine.run_warnings import warn_once
from mmext.errors import UserError
from mmext.registry import HOOKS

from .error_accumulation_hook import CFDR, COLLECTED_AT
from .training_set_metric_hook import TRAIN_SCORES

_IN_A_ROW = "mmext_collapsed_passes"


@HOOKS.register_module()
class PremiseHook(Hook):
    """Warn where a training leaves the ground that the method stands on.

    Each warning is said once, with what to do, in the log, in ``run.json`` and in the
    report. Nothing is stopped.

    Args:
        fit_iou: Errors should be accumulated at a training IoU of at least this. The
            paper begins at 0.99. Below 0.9 a tenth of the targets' area is still
            wrong, so the bank holds what has not been learnt, not what is hard.
        cfdr_range: Useful shares of ever-wrong pixels; the paper's cases have 0.7 to
            3.4 %. Below 0.1 %, where a tile would not count as positive either, the
            second stage has next to nothing to learn from; above 10 % errors are no
            exception. The upper end is watched every epoch, the lower one judged at
            the end, since the ratio only grows.
        collapsed_passes: So many scored passes over the training set in a row that
            find no target pixel, or call every pixel target, are a collapse.
        draws_per_tile: An epoch should not draw one tile more often than this: it is
            memorised.
    """

    # After the hooks that score (NORMAL), before the history takes their scores.
    priority = 55

    def __init__(
        self,
        fit_iou: Share = 0.9,
        cfdr_range: tuple[Share, Share] = (0.001, 0.1),
        collapsed_passes: Count = 3,
        draws_per_tile: Positive = 20,
    ) -> None:
        low, high = cfdr_range
        if not low <= high:
            raise UserError(
                f"PremiseHook.cfdr_range: is {low} to {high}, expected the smaller "
                "one first"
            )
        self.fit_iou = fit_iou
        self.cfdr_range = (low, high)
        self.collapsed_passes = collapsed_passes
        self.draws_per_tile = draws_per_tile
        self._last_ratio: float | None = None

    def before_train(self, runner: Runner) -> None:
        """State what the sampler draws, and whether some tiles are drawn too often."""
        sampler = runner.train_dataloader.sampler
        if not isinstance(sampler, WeightedTileSampler):
            return
        draws = sampler.draws()
        stated = "; ".join(
            f"{name}: {len(each)} tiles, each {each.mean():.2g} times"
            for name, each in draws.items()
            if len(each)
        )
        runner.logger.info(f"An epoch draws {stated}")
        for name, each in draws.items():
            if len(each) and each.max() > self.draws_per_tile:
                warn_once(
                    runner,
                    f"draws-{name}",
                    runner.epoch,
                    f"The sampler draws each of the {len(each)} {name} tiles up to "
                    f"{each.max():.3g} times an epoch, expected at most "
                    f"{self.draws_per_tile:g}: they will be memorised; add "
                    "such tiles, change the sampler's ratio, or use DefaultSampler",
                )

    def after_train_epoch(self, runner: Runner) -> None:
        """Look at the epoch's training scores, its passes and CFDR, if it has some."""
        hub = runner.message_hub.runtime_info
        target = hub.get(TRAIN_SCORES, {}).get("target")
        collected_at, ratio = hub.get(COLLECTED_AT), hub.get(CFDR)
        epoch = runner.epoch + 1
        if target is not None:
            self._watch_collapse(runner, target, epoch)
        if ratio is None:
            return
        if collected_at is not None and not collected_at >= self.fit_iou:
            warn_once(
                runner,
                "fit",
                epoch,
                "Errors are accumulated at a training IoU of "
                f"{_told_apart(collected_at, self.fit_iou, 2)} (epoch {epoch}), "
                f"expected {self.fit_iou:g} or more (the paper begins at 0.99): the "
                "bank fills with what has not been learnt yet; begin later, or with "
                "begin=dict(train_iou=0.99)",
            )
        self._watch_cfdr(runner, ratio["total"], epoch)

    def after_train(self, runner: Runner) -> None:
        """Judge whether enough was accumulated."""
        ratio = self._last_ratio
        if ratio is not None and ratio < self.cfdr_range[0]:
            warn_once(
                runner,
                "cfdr-low",
                runner.epoch,
                f"CFDR is {_told_apart(100 * ratio, 100 * self.cfdr_range[0], 3)}% "
                f"at the end, expected {self.cfdr_range[0]:.2%} "
                "or more: a second stage has next to nothing to learn from; "
                "accumulate for longer, or begin sooner",
            )

    def _watch_cfdr(self, runner: Runner, ratio: float, epoch: int) -> None:
        self._last_ratio = ratio
        if ratio > self.cfdr_range[1]:
            percent = _told_apart(100 * ratio, 100 * self.cfdr_range[1], 1)
            warn_once(
                runner,
                "cfdr-high",
                epoch,
                f"CFDR is {percent}% after epoch {epoch}, expected at most "
                f"{self.cfdr_range[1]:.0%} (the paper's cases have 0.7 to 3.4 %): "
                "errors are no exception, and a second stage would learn to mark "
                "everything; begin later, accumulate for fewer epochs, or leave out "
                "passes of a lower training IoU (min_train_iou)",
            )

    def _watch_collapse(
        self, runner: Runner, target: dict[str, float], epoch: int
    ) -> None:
        kind = collapse(target)
        hub = runner.message_hub
        in_a_row = hub.runtime_info.get(_IN_A_ROW, 0) + 1 if kind else 0
        hub.update_info(_IN_A_ROW, in_a_row)
        if in_a_row >= self.collapsed_passes:
            warn_once(
                runner,
                "collapse",
                epoch,
                f"The model {kind} in {in_a_row} passes over the training set in a "
                f"row, the last after epoch {epoch}: it has collapsed; lower the "
                "learning rate, draw more positive tiles, or use a loss that weighs "
                "rare targets (SoftIoULoss, FocalTverskyLoss)",
            )


def _told_apart(value: float, limit: float, digits: int) -> str:
    """A value rounded, but not so far that it is the limit which it is not."""
    while digits < 9 and round(value, digits) == round(limit, digits):
        digits += 1
    return f"{value:.{digits}f}"


def collapse(counts: dict[str, float]) -> str:
    """What a constant answer is, in words; empty if the answer is none.

    Args:
        counts: ``tp``, ``fp``, ``fn``, ``tn`` of a whole set.
    """
    if counts["tp"] == 0 and counts["fn"] > 0:
        return "finds no target pixel"
    if counts["tn"] == 0 and counts["fn"] == 0 and counts["fp"] > 0:
        return "calls every pixel target"
    return ""
