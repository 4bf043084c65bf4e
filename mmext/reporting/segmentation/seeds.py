"""Several seeds of one case: mean, spread, and how far tiles could be chance."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mmext.evaluation.bootstrap import (
    Interval,
    fn_tp,
    fp_tp,
    iou,
    paired_bootstrap,
    sum_by_unit,
)
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.numbers import mean_and_deviation, value_and_interval
from mmext.reporting.style import CHANNEL0, STAGE2

from .table2 import Row

SEED_HEADINGS = {
    "case": "Case",
    "seeds": "Seeds",
    "cfdr": "CFDR",
    "iou_1": "IoU stage 1",
    "iou_2": "IoU stage 2",
    "d_iou": "Δ IoU",
    "fn_tp_1": "FN/TP stage 1",
    "fn_tp_2": "FN/TP stage 2",
    "d_fn_tp": "Δ FN/TP",
    "fp_tp_1": "FP/TP stage 1",
    "fp_tp_2": "FP/TP stage 2",
    "d_fp_tp": "Δ FP/TP",
}
INTERVAL_HEADINGS = {
    "case": "Case",
    "method": "Against stage 1",
    "seeds": "Seeds",
    "iou": "Δ IoU",
    "fn_tp": "Δ FN/TP",
    "fp_tp": "Δ FP/TP",
}
#: From here on scenes are many enough to be drawn themselves.
ENOUGH_SCENES = 10
_SCORES = {"iou": (iou, 1), "fn_tp": (fn_tp, -1), "fp_tp": (fp_tp, 1)}
_COLUMNS = [column for column in SEED_HEADINGS if column not in ("case", "seeds")]
_NAMES = {"target": "stage 2, channel 0", "union": "stage 2, union"}
_TITLES = {"iou": "Δ IoU", "fn_tp": "Δ FN/TP", "fp_tp": "Δ FP/TP"}


def seed_rows(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Mean ± standard deviation over the seeds of each case that has several.

    Args:
        rows: A row per case and seed, as of ``case_rows``.

    Returns:
        Rows with the keys of ``SEED_HEADINGS``, as text.
    """
    cases = list(dict.fromkeys(str(row["case"]) for row in rows))
    result = []
    for case in cases:
        members = [row for row in rows if row["case"] == case]
        if len(members) < 2:
            continue
        line: dict[str, object] = {"case": case, "seeds": str(len(members))}
        for column in _COLUMNS:
            line[column] = mean_and_deviation([float(row[column]) for row in members])
        result.append(line)
    return result


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
    first = np.stack([sum_by_unit(scores.decided, units) for scores in stage1])
    result = {}
    for method in stage2[0]:
        sums = [sum_by_unit(scores[method].decided, units) for scores in stage2]
        second = np.stack(sums)
        result[method] = {
            name: _signed(paired_bootstrap(first, second, score), sign)
            for name, (score, sign) in _SCORES.items()
        }
    return result


def interval_rows(
    case: str, seeds: int, intervals: dict[str, dict[str, Interval]]
) -> list[dict[str, str]]:
    """A case's intervals as text, with the keys of ``INTERVAL_HEADINGS``."""
    return [
        {"case": case, "method": _NAMES[method], "seeds": str(seeds)}
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
    for axes, name in zip(panels, _SCORES, strict=True):
        for place, (_, method, scores) in enumerate(lines):
            interval = scores[name]
            colour = STAGE2 if method == "union" else CHANNEL0
            ends = (interval.low, interval.high)
            axes.plot(ends, (place, place), color=colour, lw=2.5, alpha=0.6)
            axes.plot(interval.value, place, "o", color=colour)
        axes.axvline(0, color="#8a939b", lw=1, zorder=0)
        axes.set_title(_TITLES[name])
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=5)
    labels = [f"{case} {_NAMES[method].split(', ')[1]}" for case, method, _ in lines]
    panels[0].set_yticks(range(len(lines)), labels)
    panels[0].set_ylim(len(lines) - 0.5, -0.5)
    return figure


def _signed(interval: Interval, sign: int) -> Interval:
    if sign > 0:
        return interval
    low, high = -interval.high, -interval.low
    return Interval(-interval.value, low, high, interval.undefined)
