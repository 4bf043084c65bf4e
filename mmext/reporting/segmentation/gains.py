"""The section "How sure are the gains?": how far they could be chance."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mmext.evaluation.bootstrap import (
    Interval,
    crossed_bootstrap,
    fn_tp,
    fp_tp,
    iou,
    sum_by_unit,
)
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.numbers import value_and_interval
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import AXIS, CHANNEL0, STAGE2

from .averages import SCORES
from .experiment import METHODS, Evaluation, Experiment

_HEADINGS = {"case": "Case", "method": "Against stage 1", "seeds": "Seeds"} | {
    score: f"Δ {name}" for score, name in SCORES.items()
}
#: From here on scenes are many enough to be drawn themselves.
ENOUGH_SCENES = 10
#: Formula and direction: a gain is better, but for FP/TP.
_GAINS = {"iou": (iou, 1), "fn_tp": (fn_tp, -1), "fp_tp": (fp_tp, 1)}


def add_gains(
    writer: ReportWriter,
    seeds: Sequence[Experiment],
    evaluations: Sequence[Evaluation],
) -> None:
    """Add the gains over stage 1 with bootstrap intervals.

    Args:
        writer: Of the report.
        seeds: Experiments that differ in their seed alone.
        evaluations: Of each experiment.
    """
    whole = [e for e in evaluations if e.stage1 is not None]
    if not whole:
        return
    intervals, rows, kind = {}, [], ""
    for case in dict.fromkeys(case for e in whole for case in e.scores):
        members = [e for e in whole if case in e.scores]
        answers = [e.cases[case] for e in members]
        if len({answer.store.fingerprint for answer in answers}) > 1:
            writer.notes.append(f"{case}: its seeds were tested on different stores")
            continue
        first = [e.stage1_scores for e in members if e.stage1_scores is not None]
        units, kind = units_of(answers[0].store.tiles["scene"].to_numpy())
        found = case_intervals(first, [e.scores[case] for e in members], units)
        intervals[case] = found
        rows += interval_rows(case, len(members), found)
    if not rows:
        return
    writer.heading("How sure are the gains?")
    caution = (
        "Tiles of one scene resemble each other, so the intervals are rather too "
        "narrow. "
        if kind == "tiles"
        else ""
    )
    seeds_said = (
        f"The gain is the mean of {len(whole)} seeds, which are drawn together with "
        f"the {kind}."
        if len(whole) > 1
        else "One seed: the interval says nothing of the chance in training."
    )
    writer.page.text(
        f"Gains of the newest checkpoints over stage 1's, with 95 % bootstrap "
        f"intervals over test {kind}, the same draws for both. {caution}{seeds_said}"
    )
    writer.figure(
        "intervals",
        draw_intervals(intervals),
        "Above zero Δ IoU and Δ FN/TP are better, Δ FP/TP is worse.",
    )
    writer.page.table(rows, _HEADINGS, text=2)
    undefined = max(
        interval.undefined
        for methods in intervals.values()
        for scores in methods.values()
        for interval in scores.values()
    )
    if undefined:
        writer.page.text(
            f"In up to {undefined:.2%} of the draws a method has no true positive, so "
            "no FN/TP and FP/TP; they are left out.",
            quiet=True,
        )
    writer.csv("intervals", rows, list(_HEADINGS))


def units_of(scenes: np.ndarray) -> tuple[np.ndarray, str]:
    """What to draw with replacement: scenes if there are many, else tiles.

    Args:
        scenes: (N,) scene of each tile.

    Returns:
        (N,) unit of each tile, and the units' name.
    """
    if len(np.unique(scenes)) >= ENOUGH_SCENES:
        return scenes, "scenes"
    return np.arange(len(scenes)), "tiles"


def case_intervals(
    stage1: Sequence[TileScores],
    stage2: Sequence[dict[str, TileScores]],
    units: np.ndarray,
) -> dict[str, dict[str, Interval]]:
    """Gains over stage 1 at the last checkpoint, with their intervals.

    Args:
        stage1: Stage 1 of each seed.
        stage2: ``target`` and ``union`` of each seed, in the same order.
        units: (N,) unit of each tile.

    Returns:
        Method → score → interval. As in the case table, a positive gain in IoU and
        in FN/TP is better, one in FP/TP worse.
    """
    first = np.stack([sum_by_unit(scores.by_tile, units) for scores in stage1])
    result = {}
    for method in stage2[0]:
        sums = [sum_by_unit(scores[method].by_tile, units) for scores in stage2]
        second = np.stack(sums)
        result[method] = {
            name: _signed(crossed_bootstrap(first, second, score), sign)
            for name, (score, sign) in _GAINS.items()
        }
    return result


def interval_rows(
    case: str, seeds: int, intervals: dict[str, dict[str, Interval]]
) -> list[dict[str, str]]:
    """A case's intervals as text, with the keys of ``_HEADINGS``."""
    return [
        {"case": case, "method": METHODS[method], "seeds": str(seeds)}
        | {name: value_and_interval(interval) for name, interval in scores.items()}
        for method, scores in intervals.items()
    ]


def draw_intervals(intervals: dict[str, dict[str, dict[str, Interval]]]) -> Figure:
    """The gains of every case with their intervals.

    Args:
        intervals: Case → method → score → interval.
    """
    lines = [
        (case, method, scores)
        for case, methods in intervals.items()
        for method, scores in methods.items()
    ]
    figure = Figure(figsize=(9.2, 0.34 * len(lines) + 1.1), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    for axes, name in zip(panels, _GAINS, strict=True):
        for place, (_, method, scores) in enumerate(lines):
            interval = scores[name]
            colour = STAGE2 if method == "union" else CHANNEL0
            ends = (interval.low, interval.high)
            axes.plot(ends, (place, place), color=colour, lw=2.5, alpha=0.6)
            axes.plot(interval.value, place, "o", color=colour)
        axes.axvline(0, color=AXIS, lw=1, zorder=0)
        axes.set_title(f"Δ {SCORES[name]}")
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=5)
    labels = [f"{case} {METHODS[method].split(', ')[1]}" for case, method, _ in lines]
    panels[0].set_yticks(range(len(lines)), labels)
    panels[0].set_ylim(len(lines) - 0.5, -0.5)
    return figure


def _signed(interval: Interval, sign: int) -> Interval:
    if sign > 0:
        return interval
    low, high = -interval.high, -interval.low
    return Interval(-interval.value, low, high, interval.undefined)
