"""The arms of a study side by side."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmext.reporting.style import AXIS, CHANNEL0, SERIES, STAGE1, STAGE2

from .results import Results


def draw_arms(results: Results) -> Figure:
    """IoU, gain over the reference, and precision at equal recall, a line per arm.

    The last is left out where no arm has it: it needs the reference's curve, which only
    what is decided pixel by pixel has.
    """
    names = [arm.name for arm in results.study.arms]
    reference = results.reference
    matched = {name: _over_the_curve(results, name) for name in names}
    titles = ["IoU", "Δ IoU to the reference"]
    if results.meets_at_equal_recall:
        titles.append("Δ precision at equal recall")
    size = (1.6 + 2.8 * len(titles), 0.33 * len(names) + 1.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(titles), sharey=True)
    for place, name in enumerate(names):
        colour = STAGE1 if name == reference else STAGE2
        _dots(panels[0], place, [s.counts.iou for s in results.scores[name]], colour)
        if name == reference:
            continue
        gain = results.compare(name, reference)
        for interval, width in ((gain.crossed, 3.5), (gain.over_seeds, 1)):
            ends = (interval.low, interval.high)
            panels[1].plot(ends, (place, place), color=colour, lw=width, alpha=0.6)
        panels[1].plot(gain.crossed.value, place, "o", color=colour)
        if len(panels) > 2:
            _dots(panels[2], place, matched[name], colour)
    for axes in panels[1:]:
        axes.axvline(0, color=AXIS, lw=1, zorder=0)
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title)
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=5)
    labels = [f"{name} (reference)" if name == reference else name for name in names]
    panels[0].set_yticks(range(len(names)), labels)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def _over_the_curve(results: Results, name: str) -> list[float]:
    """Precision less the reference's at the same recall, of each seed."""
    if name == results.reference:
        return []
    pairs = zip(results.scores[name], results.matched(name), strict=True)
    return [score.counts.precision - other for score, other in pairs]


def draw_epochs(results: Results) -> Figure:
    """Test IoU over the last epochs: a line for each arm, a band over its seeds."""
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for number, (name, seeds) in enumerate(results.stability.items()):
        colour = SERIES[number % len(SERIES)]
        style = ("-", "--", ":", "-.")[number // len(SERIES) % 4]
        # Trainings differ in length; the windows before their ends don't.
        epochs = seeds[0].epochs - seeds[0].epochs[-1]
        values = np.stack([seed.iou for seed in seeds])
        ends = (values.min(axis=0), values.max(axis=0))
        axes.fill_between(epochs, *ends, color=colour, alpha=0.15, lw=0)
        axes.plot(epochs, values.mean(axis=0), style, color=colour, label=name)
    axes.set(xlabel="epochs from the end", ylabel="test IoU")
    figure.legend(loc="outside right upper", fontsize=7.5)
    return figure


def draw_curves(results: Results) -> Figure:
    """Every arm's operating point over the reference's precision–recall curve.

    Where the reference has none, the points fill the figure.
    """
    figure = Figure(figsize=(7.6, 5), layout="constrained")
    axes = figure.subplots()
    axes.margins(0.12)
    curves = results.curves(results.reference)
    for curve in curves:
        step = max(1, len(curve.recall) // 1000)
        axes.plot(curve.recall[::step], curve.precision[::step], color=STAGE1, lw=1)
    for number, (name, arm_scores) in enumerate(results.scores.items(), start=1):
        recall = np.nanmean([s.counts.recall for s in arm_scores])
        precision = np.nanmean([s.counts.precision for s in arm_scores])
        colour = STAGE1 if name == results.reference else CHANNEL0
        axes.plot(recall, precision, "o", color=colour, mec="white", ms=8)
        axes.annotate(
            str(number),
            (recall, precision),
            textcoords="offset points",
            xytext=(5, 4),
            fontsize=8,
        )
        axes.plot([], [], " ", label=f"{number}  {name}")
    axes.set(xlabel="recall", ylabel="precision")
    if curves:
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02))
    figure.legend(loc="outside right upper", handlelength=0, fontsize=7.5)
    return figure


def _dots(axes: Axes, place: int, values: list[float], colour: str) -> None:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return
    axes.plot(known, [place] * len(known), "o", color=colour, ms=4, alpha=0.7)
    mean = float(np.mean(known))
    axes.plot([mean, mean], [place - 0.3, place + 0.3], color=colour, lw=2)
