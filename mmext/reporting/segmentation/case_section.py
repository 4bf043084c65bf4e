"""The first page: what came out, and Table 2 beside the published one."""

from collections.abc import Sequence

import numpy as np

from mmext.reporting.report_writer import ReportWriter

from .epoch_window import EpochWindow
from .experiment import Experiment
from .published import CONTRADICTIONS, marks
from .seeds import SEED_HEADINGS, seed_rows
from .table2 import (
    COLUMNS,
    HEADINGS,
    SCORES,
    Row,
    averaged_epochs,
    case_rows,
    published_rows,
)

_NAMES = {"iou": "IoU", "fn_tp": "FN/TP", "fp_tp": "FP/TP"}


def add_cases(
    writer: ReportWriter, seeds: Sequence[Experiment], window: EpochWindow | None
) -> None:
    """Add the case table of one experiment, or of its several seeds.

    Args:
        writer: Of the report.
        seeds: Experiments that differ in their seed alone.
        window: Which epochs are averaged over; None leaves out untrained models.
    """
    rows = [row for experiment in seeds for row in case_rows(experiment, window)]
    if not rows:
        return
    writer.heading("Cases")
    shown = seeds[0].shown_case
    mine = [row for row in rows if row["case"] == shown]
    writer.page.cards(_cards(shown or "", mine))
    writer.page.text(_what_is_averaged(seeds, window))
    if any(run.scored_set == "val" for e in seeds for run in e.runs.values()):
        writer.page.text(
            "These runs scored their epochs on validation data: by epoch, read "
            "validation where it says test."
        )
    repeated = seed_rows(rows)
    if repeated:
        writer.page.text("Mean ± standard deviation over seeds:")
        writer.page.table(repeated, SEED_HEADINGS)
        writer.csv("seeds", repeated, list(SEED_HEADINGS))
    else:
        seed = rows[0]["seed"]
        writer.page.text(
            f"One seed ({seed}): nothing here says how much another seed would differ."
        )
    together = [*rows, *published_rows()]
    order = list(dict.fromkeys(row["case"] for row in together))
    together.sort(key=lambda row: order.index(row["case"]))
    writer.page.table([_marked(row) for row in together], HEADINGS, text=2)
    writer.page.text(
        "The paper's rows are of its own data; its differences are computed here from "
        "its own averages. Where it contradicts itself in print:",
        quiet=True,
    )
    writer.page.footnotes([text for _, text in CONTRADICTIONS])
    writer.csv("cases", together, COLUMNS)


def _cards(case: str, rows: Sequence[Row]) -> list[tuple[str, str]]:
    cards = []
    for score in SCORES:
        first, second = (
            float(np.mean([float(row[f"{score}_{stage}"]) for row in rows]))
            for stage in (1, 2)
        )
        value = f"{_short(first)} → {_short(second)}"
        cards.append((value, f"{_NAMES[score]} on the test set, stage 1 → stage 2"))
    cfdr = float(np.mean([float(row["cfdr"]) for row in rows]))
    share = "–" if np.isnan(cfdr) else f"{cfdr:.2%}"
    cards.append((share, f"of the training pixels accumulated as errors, case {case}"))
    return cards


def _what_is_averaged(seeds: Sequence[Experiment], window: EpochWindow | None) -> str:
    spans = {
        (len(chosen), int(chosen[0]), int(chosen[-1]))
        for experiment in seeds
        for run in experiment.cases.values()
        if len(chosen := averaged_epochs(experiment, run, window))
    }
    if not spans:
        return "No epoch lies in the window for both stages, so nothing is averaged."
    text = ", ".join(
        f"{number} epochs from {first} to {last}"
        for number, first, last in sorted(spans)
    )
    alone = all(experiment.reference is None for experiment in seeds)
    compared = (
        "Stage 1 is not among the runs."
        if alone
        else "Stage 1 is its one channel over the same epoch numbers: the trunk and "
        "what continued it."
    )
    left_out = (
        ""
        if window
        else "Epochs before errors were accumulated, or before both stages had found "
        "any target, are of untrained models and left out; --epochs : takes in all, "
        "as the paper's averages may. "
    )
    return (
        f"Averages over {text}. {left_out}Stage 2 is its decided mask against the "
        f"truth. {compared} Epochs without a true positive have no FN/TP and FP/TP "
        "and are left out of those. Differences are gains: above zero Δ IoU and Δ "
        "FN/TP are better, Δ FP/TP is worse."
    )


def _marked(row: Row) -> dict[str, object]:
    if row["source"] != "paper":
        return dict(row)
    # As many digits as are printed.
    shown = {
        key: f"{value:.4f}" if key == "cfdr" else f"{value:.2f}"
        for key, value in row.items()
        if isinstance(value, float) and not np.isnan(value)
    }
    return {**row, **shown, "_class": "paper", "_marks": marks(str(row["case"]))}


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
