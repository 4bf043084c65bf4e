"""The cumulative false-detection ratio (Figure 5 of the paper)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmext.reporting.style import FN, FP, STAGE2, TOTAL

from .experiment import STAGE1, Experiment
from .table2 import case_cfdr

_LINES = {
    "stage1_trunk": "-",
    "stage1_A": "--",
    "stage1_B": ":",
    "stage1_baseline": "-",
}
_NAMES = {"stage1_trunk": "trunk", "stage1_A": "A", "stage1_B": "B"}


def draw_cfdr(experiment: Experiment) -> Figure | None:
    """Share of ever-wrong pixels by epoch with the cases' points, and its parts.

    Returns:
        The figure, or None if no run accumulated.
    """
    curves = {
        name: experiment.runs[name]
        for name in STAGE1
        if name in experiment.runs
        and np.isfinite(experiment.runs[name].series("cfdr", "total")).any()
    }
    if not curves:
        return None
    figure = Figure(figsize=(9.2, 3.3), layout="constrained")
    total, parts = figure.subplots(1, 2, sharex=True, sharey=True)
    for name, run in curves.items():
        style, label = _LINES[name], _NAMES.get(name)
        faint = 0.35 if name == "stage1_baseline" else 1
        epochs = run.epochs()
        line = {"ls": style, "alpha": faint}
        values = run.series("cfdr", "total")
        total.plot(epochs, values, color=TOTAL, label=label or "baseline", **line)
        for part, colour in (("fn", FN), ("fp", FP)):
            legend = part.upper() if name == next(iter(curves)) else None
            parts.plot(
                epochs, run.series("cfdr", part), color=colour, label=legend, **line
            )
    _mark_cases(total, experiment)
    total.set(title="Ever wrong, with the points of the cases", ylabel="CFDR")
    parts.set_title("Its parts")
    parts.tick_params(labelleft=True)
    for axes in (total, parts):
        axes.set(xlabel="epoch of stage 1")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.08)
        axes.legend(loc="lower right")
    return figure


def _mark_cases(axes: Axes, experiment: Experiment) -> None:
    for case, run in experiment.cases.items():
        value = case_cfdr(experiment, run)
        if not np.isfinite(value):
            continue
        epoch = run.lineage["epoch"]
        axes.plot(epoch, value, "o", color=STAGE2, zorder=4, clip_on=False)
        axes.annotate(
            case,
            (epoch, value),
            xytext=(-5, 6),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=STAGE2,
        )
