"""The section "Cases": what came out, and Table 2 beside the published one."""

import math
from collections.abc import Sequence

import numpy as np

from mmext.reporting.numbers import mean_and_deviation
from mmext.reporting.report_writer import ReportWriter

from .averages import (
    SCORES,
    EpochWindow,
    Row,
    averaged_epochs,
    case_rows,
    with_differences,
)
from .experiment import Experiment

_AVERAGES = {"cfdr": "CFDR"} | {
    key.format(score): text.format(name)
    for score, name in SCORES.items()
    for key, text in (
        ("{}_1", "{} stage 1"),
        ("{}_2", "{} stage 2"),
        ("d_{}", "Δ {}"),
    )
}
_HEADINGS = {"case": "Case", "source": "Source", "seed": "Seed", **_AVERAGES}
_SEED_HEADINGS = {"case": "Case", "seeds": "Seeds", **_AVERAGES}
_PRINTED = ("cfdr", "iou_1", "iou_2", "d_iou", "fn_tp_1", "fn_tp_2", "d_fn_tp")
#: Case → column → value as the paper prints it (Ahn et al. 2025, Table 2): averages
#: over epochs.
TABLE_2 = {
    case: dict(zip(_PRINTED, values, strict=True))
    for case, values in (
        ("A100-200", (0.0073, 0.61, 0.77, 0.16, 0.38, 0.19, 0.19)),
        ("A100-250", (0.0336, 0.62, 0.75, 0.13, 0.38, 0.07, 0.31)),
        ("B100-250", (0.0083, 0.62, 0.78, 0.16, 0.37, 0.16, 0.31)),
        ("B100-300", (0.0092, 0.63, 0.79, 0.16, 0.37, 0.14, 0.23)),
    )
}
#: Where the paper contradicts itself: the cells (case, column) it touches and why.
CONTRADICTIONS: tuple[tuple[tuple[tuple[str, str], ...], str], ...] = (
    (
        (("B100-250", "d_fn_tp"),),
        "B_100-250: the table prints a Δ FN/TP of 0.31; 0.37 − 0.16 is 0.21.",
    ),
    (
        (("A100-250", "cfdr"),),
        "A_100-250: the text gives a CFDR of 0.32, the table 0.0336.",
    ),
    (
        (("B100-250", "iou_2"), ("B100-300", "iou_2")),
        "Best case: the text names B_100-250 in one place and B_100-300 in another.",
    ),
    (
        tuple((case, "d_iou") for case in TABLE_2),
        "Δ IoU: the abstract speaks of about 0.10, the table of 0.13 to 0.16.",
    ),
    (
        tuple((case, "fp_tp_1") for case in TABLE_2),
        "FP/TP is not printed; no smaller mean goes with the printed IoU and FN/TP. "
        "So stage 1 has 0.20 to 0.24 or more in every case, where the text says “above "
        "0.20” of the largest value in stage 2.",
    ),
)
_ROUNDING = 0.005


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
        writer.page.table(repeated, _SEED_HEADINGS)
        writer.csv("seeds", repeated, list(_SEED_HEADINGS))
    else:
        seed = rows[0]["seed"]
        writer.page.text(
            f"One seed ({seed}): nothing here says how much another seed would differ."
        )
    together = [*rows, *published_rows()]
    order = list(dict.fromkeys(row["case"] for row in together))
    together.sort(key=lambda row: order.index(row["case"]))
    writer.page.table([_marked(row) for row in together], _HEADINGS, text=2)
    writer.page.text(
        "The paper's rows are of its own data; its differences are computed here from "
        "its own averages. Where it contradicts itself in print:",
        quiet=True,
    )
    writer.page.footnotes([text for _, text in CONTRADICTIONS])
    columns = [
        *_HEADINGS,
        *("printed_d_iou", "printed_d_fn_tp"),
        *("implied_fp_tp_1", "implied_fp_tp_2"),
    ]
    writer.csv("cases", together, columns)


def seed_rows(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Mean ± standard deviation over the seeds of each case that has several.

    Args:
        rows: A row per case and seed, as of ``case_rows``.

    Returns:
        Rows with the keys of ``_SEED_HEADINGS``, as text.
    """
    cases = list(dict.fromkeys(str(row["case"]) for row in rows))
    result = []
    for case in cases:
        members = [row for row in rows if row["case"] == case]
        if len(members) < 2:
            continue
        line: dict[str, object] = {"case": case, "seeds": str(len(members))}
        for column in _AVERAGES:
            line[column] = mean_and_deviation([float(row[column]) for row in members])
        result.append(line)
    return result


def published_rows() -> list[Row]:
    """The paper's rows; differences are computed, the printed ones kept beside.

    FP/TP, which is not printed, is NaN, and the least that it can be beside.
    """
    rows = []
    for case, printed in TABLE_2.items():
        row: Row = {"case": case, "source": "paper", **printed}
        row |= {"fp_tp_1": math.nan, "fp_tp_2": math.nan}
        row = with_differences(row)
        row["printed_d_iou"] = printed["d_iou"]
        row["printed_d_fn_tp"] = printed["d_fn_tp"]
        for stage in (1, 2):
            row[f"implied_fp_tp_{stage}"] = least_fp_tp(
                printed[f"iou_{stage}"], printed[f"fn_tp_{stage}"]
            )
        rows.append(row)
    return rows


def least_fp_tp(iou: float, fn_tp: float, rounding: float = _ROUNDING) -> float:
    """The least mean FP/TP that goes with a mean IoU and a mean FN/TP over epochs.

    IoU is 1 / (1 + FP/TP + FN/TP), which is convex, so by Jensen's inequality its mean
    is at least 1 / (1 + mean FP/TP + mean FN/TP).

    Args:
        iou: Mean IoU, rounded.
        fn_tp: Mean FN/TP, rounded.
        rounding: How far either may be from what was rounded.
    """
    return 1 / (iou + rounding) - 1 - (fn_tp + rounding)


def marks(case: str) -> dict[str, str]:
    """Column → footnote number, for the cells of a case that are contradicted."""
    return {
        column: str(number)
        for number, (cells, _) in enumerate(CONTRADICTIONS, start=1)
        for cell_case, column in cells
        if cell_case == case
    }


def _cards(case: str, rows: Sequence[Row]) -> list[tuple[str, str]]:
    # Medians: one epoch that finds next to nothing makes the mean of FN/TP anything.
    cards = []
    for score in SCORES:
        first, second = (
            float(np.mean([float(row[f"median_{score}_{stage}"]) for row in rows]))
            for stage in (1, 2)
        )
        value = f"{_short(first)} → {_short(second)}"
        cards.append(
            (value, f"{SCORES[score]} on the test set, median of epochs, stage 1 → 2")
        )
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
    for stage in (1, 2):
        shown[f"fp_tp_{stage}"] = f"≥ {row[f'implied_fp_tp_{stage}']:.2f}"
    return {**row, **shown, "_class": "paper", "_marks": marks(str(row["case"]))}


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
