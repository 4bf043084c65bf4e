"""The section "Accumulated errors": an error bank, tile by tile (Figure 6)."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import RUN_RECORD, snapshot_path
from mmext.errors import UserError
from mmext.raster.display import LABEL_COLOUR, Display
from mmext.raster.outlines import connected_parts
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import Run
from mmext.reporting.style import FN, FP, bare
from mmext.structures import ErrorBank, load_bank, refuse_other_store

from .averages import case_cfdr
from .experiment import Experiment

_COLUMNS = 6
#: Only the tiles with most FP are searched for lookalikes.
_SEARCHED = 200


@dataclass(frozen=True)
class ErrorTile:
    """A tile and the errors that put it on the page.

    Attributes:
        tile: Tile id.
        errors: (H, W) bool.
        pixels: Their number.
    """

    tile: int
    errors: np.ndarray
    pixels: int


def add_accumulated_errors(writer: ReportWriter, experiment: Experiment) -> None:
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
        store = open_store(run.read_config().train_dataloader.dataset.store)
        where = f"error bank of {run.name}"
        refuse_other_store(where, bank.fingerprint, store.fingerprint)
        caption = (
            f"Accumulated errors of case {case} in training tiles, the largest first "
            "(Figure 6). White: ever wrong; yellow: outline of the true objects."
        )
        figure = draw_error_tiles(bank, store)
        writer.figure("error_tiles", figure, caption, vector=False)


def most_false_negatives(bank: ErrorBank, count: int) -> list[ErrorTile]:
    """The tiles with most pixels that were ever FN."""
    sizes = np.array([bank.fn(tile).sum() for tile in range(len(bank))])
    best = [int(tile) for tile in np.argsort(-sizes, kind="stable")[:count]]
    return [ErrorTile(t, bank.fn(t), int(sizes[t])) for t in best if sizes[t]]


def most_lookalikes(bank: ErrorBank, store: TileStore, count: int) -> list[ErrorTile]:
    """The tiles with most pixels that were ever FP and touch no true object.

    FP along the outline of an object say how the outline was drawn; those apart from
    any object are the lookalikes that the paper's Figure 6b shows.
    """
    sizes = np.array([bank.fp(tile).sum() for tile in range(len(bank))])
    found = []
    for tile in np.argsort(-sizes, kind="stable")[:_SEARCHED].tolist():
        if sizes[tile]:
            apart = _apart(bank.fp(tile), np.asarray(store.masks[tile]) == 1)
            found.append(ErrorTile(tile, apart, int(apart.sum())))
    found.sort(key=lambda error: -error.pixels)
    return [error for error in found[:count] if error.pixels]


def draw_error_tiles(bank: ErrorBank, store: TileStore) -> Figure | None:
    """FN inside objects and lookalikes outside, each with the errors below.

    Args:
        bank: The errors.
        store: The tiles that they were accumulated on.

    Returns:
        The figure, or None if there is no error at all.
    """
    groups = (
        ("(a) FN: inside objects", FN, most_false_negatives(bank, _COLUMNS)),
        (
            "(b) FP: lookalikes, apart from objects",
            FP,
            most_lookalikes(bank, store, _COLUMNS),
        ),
    )
    drawn = [group for group in groups if group[2]]
    if not drawn:
        return None
    display = Display(store)
    figure = Figure(figsize=(1.6 * _COLUMNS, 3.7 * len(drawn)), layout="constrained")
    parts = figure.subfigures(len(drawn), 1, squeeze=False)[:, 0]
    for part, (title, colour, tiles) in zip(parts, drawn, strict=True):
        part.suptitle(title, x=0.01, ha="left", fontsize=10, weight="bold")
        panels = part.subplots(2, _COLUMNS)
        for column in range(_COLUMNS):
            image, errors = panels[:, column]
            if column >= len(tiles):
                image.set_visible(False)
                errors.set_visible(False)
                continue
            shown = tiles[column]
            truth = np.asarray(store.masks[shown.tile]) == 1
            image.imshow(display(store.images[shown.tile]))
            errors.imshow(shown.errors, cmap="gray", vmin=0, vmax=1)
            if truth.any() and not truth.all():
                for axes in (image, errors):
                    axes.contour(truth, [0.5], colors=LABEL_COLOUR, linewidths=0.9)
            image.set_title(f"tile {shown.tile}", fontsize=8, weight="normal")
            label = f"{shown.pixels:,} px"
            errors.set_title(label, fontsize=8, weight="normal", color=colour)
        for axes in panels.ravel():
            bare(axes)
    return figure


def _bank_of(run: Run) -> ErrorBank:
    if not run.parents:
        raise UserError(f"{run.path / RUN_RECORD}: has no lineage, expected a parent")
    epoch = run.lineage["epoch"]
    bank, *others = (
        load_bank(snapshot_path(run.path.with_name(parent), epoch))
        for parent in run.parents
    )
    for other in others:
        bank.merge(other)
    return bank


def _apart(errors: np.ndarray, truth: np.ndarray) -> np.ndarray:
    labels, _ = connected_parts(errors)
    near = ndimage.binary_dilation(truth, np.ones((3, 3), bool))
    return errors & ~np.isin(labels, np.unique(labels[near]))
