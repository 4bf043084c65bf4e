"""What trainings logged every epoch, several in one panel."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmext.engine.work_dir import HistoryLine
from mmext.errors import UserError
from mmext.reporting.runs import Run
from mmext.reporting.style import SERIES

#: To tell more runs than there are colours.
_DASHES = ("-", "--", ":", "-.")


def series_of(run: Run, key: str) -> np.ndarray:
    """(E,) float64 values of a run by epoch, NaN where it has none.

    Args:
        run: The run.
        key: Where they are in a line of ``history.jsonl``, with dots. The name of a
            mask may be left out: ``test.iou`` is that of the mask that the run decides
            by. ``test`` is whatever set its epochs were scored on.
    """
    parts = key.split(".")
    values = run.series(*parts)
    if len(parts) == 2 and not np.isfinite(values).any():
        return run.series(parts[0], run.decided_by, parts[1])
    return values


def collect_series(
    runs: Mapping[str, Run], keys: Sequence[str] | None, otherwise: Sequence[str]
) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """Series by key and run.

    Args:
        runs: By the name that they are shown by.
        keys: See :func:`series_of`; None for what there is of ``otherwise``.
        otherwise: The usual keys.

    Returns:
        The series of those that have some, and a line for each run that has none of a
        key.

    Raises:
        UserError: No run has a key that was asked for, or any of the usual ones.
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    notes = []
    for key in keys or otherwise:
        series = {name: series_of(run, key) for name, run in runs.items()}
        known = {
            name: values for name, values in series.items() if np.isfinite(values).any()
        }
        if known:
            found[key] = known
            notes += [
                f"{runs[name].path}: has no {key} in its history"
                for name in series
                if name not in known
            ]
        elif keys:
            raise UserError(f"--keys: no run has {key}, expected {_all_keys(runs)}")
    if not found:
        raise UserError(
            f"no run has {', '.join(otherwise)}: state --keys of {_all_keys(runs)}"
        )
    return found, notes


def draw_curves(
    runs: Mapping[str, Run], series: Mapping[str, Mapping[str, np.ndarray]]
) -> Figure:
    """A panel for each key, a line for each run.

    Args:
        runs: By name.
        series: Of :func:`collect`.
    """
    columns = min(3, len(series))
    rows = -(-len(series) // columns)
    figure = Figure(
        figsize=(4.2 * columns + 0.4, 3.2 * rows + 0.5), layout="constrained"
    )
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    looks = {
        name: dict(
            color=SERIES[number % len(SERIES)],
            ls=_DASHES[number // len(SERIES) % len(_DASHES)],
        )
        for number, name in enumerate(runs)
    }
    for axes, (key, lines) in zip(panels, series.items(), strict=False):
        for name, values in lines.items():
            epochs, known = runs[name].epochs(), np.isfinite(values)
            # One epoch is a point: a line of one would not be seen.
            marker = "o" if known.sum() == 1 else None
            axes.plot(
                epochs[known], values[known], marker=marker, label=name, **looks[name]
            )
        axes.set(title=key, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if _is_loss(key, lines):
            axes.set_yscale("log")
    for spare in panels[len(series) :]:
        spare.set_visible(False)
    by_name = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        by_name.values(), by_name.keys(), loc="outside lower center", ncols=columns
    )
    return figure


def _is_loss(key: str, lines: Mapping[str, np.ndarray]) -> bool:
    smallest = min(np.nanmin(values) for values in lines.values())
    return "loss" in key and bool(smallest > 0)


def _all_keys(runs: Mapping[str, Run]) -> str:
    lines = (line for run in runs.values() for line in run.history)
    names = {name for line in lines for name in _names(line)}
    return ", ".join(sorted(names))


def _names(line: HistoryLine | dict[str, Any]) -> list[str]:
    """Dotted names of all numbers below a line."""
    names = []
    for key, value in line.items():
        if isinstance(value, dict):
            names += [f"{key}.{name}" for name in _names(value)]
        elif key not in ("epoch", "stage"):
            names.append(key)
    return names
