"""Stage 1, and stage 1 against stage 2, by epoch: Figures 3 to 5 and 7 to 10."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import (
    AXIS,
    CHANNEL0,
    FN,
    FP,
    SERIES,
    STAGE1,
    STAGE2,
    TOTAL,
    case_panels,
    label_panels,
)

from .averages import SCORES, case_cfdr
from .experiment import Experiment

_CFDR_LINES = {
    "stage1_trunk": "-",
    "stage1_A": "--",
    "stage1_B": ":",
    "stage1_baseline": "-",
}
_CFDR_NAMES = {"stage1_trunk": "trunk", "stage1_A": "A", "stage1_B": "B"}
_AGAINST = (
    "Grey: stage 1. Blue: stage 2 as decided; light blue: its channel 0. Dotted: "
    "training set, without augmentation."
)


def add_training(writer: ReportWriter, experiment: Experiment) -> None:
    """Add loss, IoU, accumulation, and stage 1 against stage 2."""
    compared = loss_comparison(experiment)
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
        writer.figure("loss_iou", loss_and_iou(experiment), caption)
        caption = (
            "Cumulative false-detection ratio: share of the training pixels that were "
            "wrong in at least one pass (Figure 5). Points: the banks that the cases "
            "train on."
        )
        writer.figure("cfdr", cfdr(experiment), caption)
    if experiment.cases:
        _add_comparison(writer, experiment)


def loss_comparison(experiment: Experiment) -> Figure | None:
    """Figure 3: test IoU of stage 1 under each loss; None with fewer than two."""
    if len(experiment.losses) < 2:
        return None
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    axes = figure.subplots()
    for colour, (title, run) in zip(SERIES, experiment.losses.items(), strict=False):
        values = run.series("test", "target", "iou")
        axes.plot(run.epochs(), values, color=colour, label=title)
    axes.set(xlabel="epoch", ylabel="test IoU", ylim=(0, 1))
    axes.legend(ncols=4, loc="lower right")
    return figure


def loss_and_iou(experiment: Experiment) -> Figure:
    """Figure 4: loss, on a log axis, and IoU of stage 1, train and test."""
    figure = Figure(figsize=(9.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for keys, label, style in (
        (("loss", "mean"), "train", "-"),
        (("test", "loss"), "test", "--"),
    ):
        left.plot(*experiment.stage1(*keys), style, color=STAGE1, label=label)
    left.set_yscale("log")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.yaxis.set_minor_formatter(NullFormatter())
    left.set(title="(a) Loss", xlabel="epoch", ylabel="mean loss")
    for part, style in (("train", "-"), ("test", "--")):
        values = experiment.stage1(part, "target", "iou")
        right.plot(*values, style, color=STAGE1, label=part)
    right.axhline(0.99, color=AXIS, lw=0.8, zorder=0)
    right.annotate(
        "0.99", (0, 0.99), xytext=(2, -10), textcoords="offset points", fontsize=7
    )
    right.set(title="(b) IoU", xlabel="epoch", ylim=(0, 1.02))
    for axes in (left, right):
        axes.legend()
    return figure


def cfdr(experiment: Experiment) -> Figure | None:
    """Figure 5: the ever-wrong share by epoch with the cases' points, and its parts.

    Returns:
        The figure, or None if no run accumulated.
    """
    curves = {
        name: experiment.runs[name]
        for name in _CFDR_LINES
        if name in experiment.runs
        and np.isfinite(experiment.runs[name].series("cfdr", "total")).any()
    }
    if not curves:
        return None
    figure = Figure(figsize=(9.2, 3.3), layout="constrained")
    total, parts = figure.subplots(1, 2, sharex=True, sharey=True)
    for name, run in curves.items():
        style, label = _CFDR_LINES[name], _CFDR_NAMES.get(name)
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


def stages_compared(experiment: Experiment, score: str) -> Figure:
    """Figures 7, 9 and 10: a score per epoch, stage 1 against stage 2, per case.

    Args:
        experiment: The runs.
        score: ``iou``, ``fn_tp`` or ``fp_tp``.
    """
    figure, panels = case_panels(list(experiment.cases))
    shown = []
    for axes, run in zip(panels, experiment.cases.values(), strict=False):
        train = experiment.stage1("train", "target", score)
        axes.plot(*train, ":", color=STAGE1, lw=1, label="stage 1, train")
        test = experiment.stage1("test", "target", score)
        axes.plot(*test, color=STAGE1, label="stage 1, test")
        epochs, mask = run.epochs(), run.decided_by
        train2 = run.series("train", mask, score)
        axes.plot(epochs, train2, ":", color=STAGE2, lw=1, label="stage 2, train")
        if mask == "union":
            channel0 = run.series("test", "target", score)
            axes.plot(epochs, channel0, color=CHANNEL0, lw=1, label="channel 0, test")
        test2 = run.series("test", mask, score)
        axes.plot(epochs, test2, color=STAGE2, label="stage 2, test")
        shown += [test[1], test2]
    panels[0].set_ylim(*_limits(score, shown))
    label_panels(figure, panels, "epoch", SCORES[score])
    return figure


def stability(experiment: Experiment, span: int) -> Figure:
    """Figure 8: standard deviation of test IoU over the next epochs, per case.

    Args:
        experiment: The runs.
        span: How many epochs; the paper's is ten.
    """
    figure, panels = case_panels(list(experiment.cases))
    for axes, run in zip(panels, experiment.cases.values(), strict=False):
        epochs, values = experiment.stage1("test", "target", "iou")
        axes.plot(epochs, std_of_next(values, span), color=STAGE1, label="stage 1")
        second = std_of_next(run.series("test", run.decided_by, "iou"), span)
        axes.plot(run.epochs(), second, color=STAGE2, label="stage 2")
    panels[0].set_ylim(bottom=0)
    label_panels(figure, panels, "epoch", f"deviation of IoU, next {span} epochs")
    return figure


def std_of_next(values: np.ndarray, span: int) -> np.ndarray:
    """Standard deviation of each value and the ``span − 1`` after it.

    Args:
        values: (E,).
        span: Length of the window, at least 1.

    Returns:
        (E,), NaN where fewer than ``span`` values follow.
    """
    result = np.full(len(values), np.nan)
    if len(values) >= span:
        windows = np.lib.stride_tricks.sliding_window_view(values, span)
        result[: len(windows)] = windows.std(axis=1)
    return result


def stability_span(experiment: Experiment) -> int:
    """Ten of the paper's epochs at the run's length; a deviation needs three."""
    return max(3, round(10 * next(iter(experiment.runs.values())).epoch_scale))


def _add_comparison(writer: ReportWriter, experiment: Experiment) -> None:
    writer.heading("Stage 1 against stage 2")
    for score, number in (("iou", 7), ("fn_tp", 9), ("fp_tp", 10)):
        figure = stages_compared(experiment, score)
        cut = "" if score == "iou" else " High values of the first epochs are cut off."
        caption = f"{SCORES[score]} by epoch (Figure {number}). {_AGAINST}{cut}"
        writer.figure(score, figure, caption)
    span = stability_span(experiment)
    caption = (
        f"Standard deviation of the test IoU of an epoch and the {span - 1} after it "
        f"(Figure 8): {span} epochs, the paper's 10 at this run's length, at least 3."
    )
    writer.figure("stability", stability(experiment, span), caption)


def _limits(score: str, series: list[np.ndarray]) -> tuple[float, float]:
    if score == "iou":
        return 0, 1
    values = np.concatenate(series) if series else np.empty(0)
    values = values[np.isfinite(values)]
    # The first epochs' ratios dwarf all that follow.
    top = float(np.percentile(values, 92) * 1.4) if len(values) else 0
    return 0, top or 1


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
