"""The training curves of the paper, Figures 4, 5 and 7 to 10."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .experiment import Experiment
from .style import CHANNEL0, FN, FP, STAGE1, STAGE2, TOTAL
from .table2 import case_cfdr

LABELS = {"iou": "IoU", "fn_tp": "FN / TP", "fp_tp": "FP / TP"}


def loss_and_iou(experiment: Experiment) -> Figure:
    """Figure 4: loss, on a log axis, and IoU of stage 1, train and test."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for keys, label, style in (
        (("loss", "mean"), "train", "-"),
        (("test", "loss"), "test", "--"),
    ):
        left.plot(*experiment.stage1(*keys), style, color=STAGE1, label=label)
    left.set_yscale("log")
    left.set(title="Loss of stage 1", xlabel="epoch", ylabel="mean cross-entropy")
    for part, style in (("train", "-"), ("test", "--")):
        values = experiment.stage1(part, "target", "iou")
        right.plot(*values, style, color=STAGE1, label=part)
    right.set(title="IoU of stage 1", xlabel="epoch", ylim=(0, 1))
    for axes in (left, right):
        axes.legend()
    return figure


def cfdr(experiment: Experiment) -> Figure:
    """Figure 5: the accumulated errors' share, with the points of the cases."""
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    for name in ("stage1_trunk", "stage1_A", "stage1_B"):
        run = experiment.runs.get(name)
        if run is None:
            continue
        for part, colour in (("total", TOTAL), ("fn", FN), ("fp", FP)):
            first = name == "stage1_trunk"
            style = {"stage1_A": "--", "stage1_B": ":"}.get(name, "-")
            axes.plot(
                run.epochs(),
                run.series("cfdr", part),
                style,
                color=colour,
                label={"total": "FN and FP", "fn": "FN", "fp": "FP"}[part]
                if first
                else None,
            )
    for case, run in experiment.cases.items():
        epoch, value = run.record["lineage"]["epoch"], case_cfdr(experiment, run)
        axes.plot(epoch, value, "o", color=STAGE2)
        axes.annotate(case, (epoch, value), xytext=(4, 5), textcoords="offset points")
    axes.set(title="Cumulative false-detection ratio", xlabel="epoch of stage 1")
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def stages_compared(experiment: Experiment, score: str) -> Figure:
    """Figures 7, 9 and 10: a score per epoch, stage 1 against stage 2, per case.

    Args:
        experiment: The runs.
        score: ``iou``, ``fn_tp`` or ``fp_tp``.
    """
    figure, panels = _case_panels(experiment)
    for axes, (case, run) in zip(panels, experiment.cases.items(), strict=False):
        train = experiment.stage1("train", "target", score)
        axes.plot(*train, ":", color=STAGE1, lw=1, label="stage 1, train")
        test = experiment.stage1("test", "target", score)
        axes.plot(*test, color=STAGE1, label="stage 1, test")
        epochs, decided = run.epochs(), run.decided
        train2 = run.series("train", decided, score)
        axes.plot(epochs, train2, ":", color=STAGE2, lw=1, label="stage 2, train")
        if decided == "union":
            channel0 = run.series("test", "target", score)
            axes.plot(epochs, channel0, color=CHANNEL0, lw=1, label="channel 0, test")
        test2 = run.series("test", decided, score)
        axes.plot(epochs, test2, color=STAGE2, label="stage 2, test")
        axes.set_title(case)
        axes.set_ylim(*_limits(score, [test[1], test2]))
    _finish(figure, panels, LABELS[score])
    return figure


def stability(experiment: Experiment, span: int) -> Figure:
    """Figure 8: standard deviation of test IoU over the next epochs, per case.

    Args:
        experiment: The runs.
        span: How many epochs; the paper's is ten.
    """
    figure, panels = _case_panels(experiment)
    for axes, (case, run) in zip(panels, experiment.cases.items(), strict=False):
        epochs, values = experiment.stage1("test", "target", "iou")
        axes.plot(epochs, std_of_next(values, span), color=STAGE1, label="stage 1")
        second = std_of_next(run.series("test", run.decided, "iou"), span)
        axes.plot(run.epochs(), second, color=STAGE2, label="stage 2")
        axes.set_title(case)
        axes.set_ylim(bottom=0)
    _finish(figure, panels, f"deviation of IoU, next {span} epochs")
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


def _case_panels(experiment: Experiment) -> tuple[Figure, list[Axes]]:
    number = max(1, len(experiment.cases))
    columns = min(2, number)
    rows = -(-number // columns)
    figure = Figure(figsize=(4.6 * columns, 2.9 * rows + 0.3), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel().tolist()
    for spare in panels[number:]:
        spare.set_visible(False)
    return figure, panels[:number]


def _limits(score: str, series: list[np.ndarray]) -> tuple[float, float]:
    if score == "iou":
        return 0, 1
    values = np.concatenate(series)
    values = values[np.isfinite(values)]
    # The first epochs' ratios dwarf all that follow.
    return 0, float(np.percentile(values, 92) * 1.4) if len(values) else 1


def _finish(figure: Figure, panels: list[Axes], label: str) -> None:
    for axes in panels:
        axes.set(xlabel="epoch", ylabel=label)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        columns = 5 if len(panels) > 1 else 3
        figure.legend(handles, labels, loc="outside upper center", ncols=columns)
