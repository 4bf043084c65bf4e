"""Training curves, and the seeds' scores beside the baselines."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmext.reporting.runs import Run
from mmext.reporting.style import AXIS, SERIES, TOTAL

from .ablation import CONFIGURATIONS, Ablation
from .tables import SCORE_NAMES, Baselines, scored_sets

_COLOURS = (TOTAL, *SERIES)
#: To tell configurations in print.
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), "-", "--")


def training_curves(ablation: Ablation) -> Figure:
    """Loss, AbsRel and RMSE by epoch: mean over seeds, shaded from least to most."""
    figure = Figure(figsize=(10.4, 3.5), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, keys, title in zip(
        panels,
        (("loss", "mean"), ("test", "all", "abs_rel"), ("test", "all", "rmse")),
        ("(a) Training loss", "(b) AbsRel", "(c) RMSE, m"),
        strict=True,
    ):
        for number, (name, runs) in enumerate(ablation.runs.items()):
            _draw(axes, runs, keys, number, CONFIGURATIONS.get(name, name))
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _limit(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def seed_scores(ablation: Ablation, baselines: Baselines) -> Figure:
    """AbsRel and RMSE of every seed by configuration, and the baselines as lines."""
    sets = [name for name in ("all", "object") if name in scored_sets(ablation)]
    figure = Figure(figsize=(10.4, 3.1 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), 2, squeeze=False)
    for row, pixels in zip(grid, sets, strict=True):
        for axes, score in zip(row, ("abs_rel", "rmse"), strict=True):
            _draw_seeds(axes, ablation, baselines, pixels, score)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw(
    axes: Axes, runs: Sequence[Run], keys: Sequence[str], number: int, label: str
) -> None:
    last = min(len(run.history) for run in runs)
    epochs = runs[0].epochs()[:last]
    values = np.array([run.series(*keys)[:last] for run in runs])
    known = np.isfinite(values).all(axis=0)
    epochs, values = epochs[known], values[:, known]
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number % len(_DASHES)]
    axes.plot(epochs, values.mean(axis=0), color=colour, ls=dash, label=label)
    if len(runs) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.13, lw=0)


def _limit(axes: Axes) -> None:
    """Cut off the first epochs' high values: the end is what differs."""
    values = np.concatenate([line.get_ydata() for line in axes.lines] or [np.zeros(1)])
    values = values[np.isfinite(values)]
    if len(values) > 10:
        low, high = values.min(), np.percentile(values, 95)
        margin = 0.06 * (high - low)
        axes.set_ylim(low - margin, high + margin)


def _draw_seeds(
    axes: Axes, ablation: Ablation, baselines: Baselines, pixels: str, score: str
) -> None:
    for place, name in enumerate(ablation.runs):
        values = ablation.values(name, pixels, score)
        values = values[np.isfinite(values)]
        colour = _COLOURS[place % len(_COLOURS)]
        axes.plot(values, np.full(len(values), place), "o", color=colour, alpha=0.6)
        if len(values):
            bar = [place - 0.3, place + 0.3]
            axes.plot([values.mean()] * 2, bar, color=colour)
    for dash, (name, metrics) in zip(
        (":", "-.", "--"), baselines.items(), strict=False
    ):
        value = metrics.get(f"{pixels}.{score}", np.nan)
        if np.isfinite(value):
            axes.axvline(value, color=AXIS, ls=dash, lw=1.3, label=name)
    labels = [CONFIGURATIONS.get(name, name) for name in ablation.runs]
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(0, 1.06 * max(axes.dataLim.x1, 1e-6))
    what = "object pixels" if pixels == "object" else "all pixels"
    axes.set(title=f"{SCORE_NAMES[score]}, {what}")
