"""How training went, and what it accumulated: Figures 3 to 10 of the paper."""

import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import snapshot_name
from mmext.errors import UserError
from mmext.reporting.predictions import resolved_config
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import Run
from mmext.structures import ErrorBank

from . import curves
from .error_tiles import draw_error_tiles
from .experiment import Experiment
from .table2 import case_cfdr

_AGAINST = (
    "Grey: stage 1. Blue: stage 2 as decided; light blue: its channel 0. Dotted: "
    "training set, without augmentation."
)


def add_training(writer: ReportWriter, experiment: Experiment) -> None:
    """Add loss, IoU, accumulation, and stage 1 against stage 2."""
    compared = curves.loss_comparison(experiment)
    first = experiment.reference is not None
    if compared is not None or first:
        writer.heading("Stage 1")
    caption = "Test IoU of stage 1 under each loss (Figure 3)."
    writer.figure("losses", compared, caption)
    if first:
        caption = (
            "Stage 1 (Figure 4). The loss is the mean over an epoch's batches; the "
            "paper plots their sum. On the test set it is the cross-entropy."
        )
        writer.figure("loss_iou", curves.loss_and_iou(experiment), caption)
        caption = (
            "Cumulative false-detection ratio: share of the training pixels that were "
            "wrong in at least one pass (Figure 5). Points: the banks that the cases "
            "train on."
        )
        writer.figure("cfdr", curves.cfdr(experiment), caption)
    if experiment.cases:
        _add_comparison(writer, experiment)


def _add_comparison(writer: ReportWriter, experiment: Experiment) -> None:
    writer.heading("Stage 1 against stage 2")
    for score, number in (("iou", 7), ("fn_tp", 9), ("fp_tp", 10)):
        figure = curves.stages_compared(experiment, score)
        cut = "" if score == "iou" else " High values of the first epochs are cut off."
        caption = f"{curves.LABELS[score]} by epoch (Figure {number}). {_AGAINST}{cut}"
        writer.figure(score, figure, caption)
    span = curves.stability_span(experiment)
    caption = (
        f"Standard deviation of the test IoU of an epoch and the {span - 1} after it "
        f"(Figure 8): {span} epochs, the paper's 10 at this run's length, at least 3."
    )
    writer.figure("stability", curves.stability(experiment, span), caption)


def add_error_tiles(writer: ReportWriter, experiment: Experiment) -> None:
    """Add the training tiles with most accumulated errors, of the fullest bank."""
    if not experiment.cases:
        return
    writer.heading("Accumulated errors")
    case, run = max(
        experiment.cases.items(),
        key=lambda item: np.nan_to_num(case_cfdr(experiment, item[1])),
    )
    with writer.attempt():
        bank = _bank_of(run)
        store = TileStore(resolved_config(run).train_dataloader.dataset.store)
        if bank.fingerprint != store.fingerprint:
            raise UserError(
                f"{store.path}: fingerprint is {store.fingerprint[:12]}, the error "
                f"bank of {run.name} was made on {bank.fingerprint[:12]}"
            )
        caption = (
            f"Accumulated errors of case {case} in training tiles, the largest first "
            "(Figure 6). White: ever wrong; yellow: outline of the true fields."
        )
        figure = draw_error_tiles(bank, store)
        writer.figure("error_tiles", figure, caption, vector=False)


def _bank_of(run: Run) -> ErrorBank:
    if not run.parents:
        raise UserError(f"{run.path}/run.json: has no lineage, expected a parent")
    name = snapshot_name(run.lineage["epoch"])
    bank, *others = (
        ErrorBank.load(run.path.with_name(parent) / name) for parent in run.parents
    )
    for other in others:
        bank.merge(other)
    return bank
