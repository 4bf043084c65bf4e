"""What every candidate of a decision scored, as a table and a figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mmext.evaluation.decision_fit import DecisionFit
from mmext.fileio import atomic_path
from mmext.models import UnionDecoder

from .style import AXIS, DECIDED, SERIES

_SCORES = ("iou", "recall", "precision", "tp", "fp", "fn")


def curve_table(fit: DecisionFit, channels: Sequence[str]) -> pd.DataFrame:
    """A row for each candidate, in the order in which they were compared.

    Args:
        fit: The candidates and their scores.
        channels: The model's channels.

    Returns:
        ``mode``, the threshold of each channel that the mode asks (NaN for others),
        ``confident`` (NaN where the mode knows none), ``grow``, scores, and which is
        ``chosen``.
    """
    rows = []
    for index, (rule, counts) in enumerate(zip(fit.rules, fit.counts, strict=True)):
        decoder = UnionDecoder(**rule.decoder)
        asked = decoder.rule.needs if decoder.rule.alone else channels
        thresholds = {name: decoder.threshold_of(name) for name in asked}
        rows.append(
            {
                "mode": decoder.mode,
                **{name: thresholds.get(name, np.nan) for name in channels},
                "confident": decoder.confident if decoder.by_components else np.nan,
                "grow": decoder.grow,
                **{score: getattr(counts, score) for score in _SCORES},
                "chosen": index == fit.index,
            }
        )
    return pd.DataFrame(rows)


def write_curve(table: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV; what is not a number is empty."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


def draw_curve(table: pd.DataFrame, before: int, store: str) -> Figure:
    """IoU over the threshold of the target channel, a line for each mode.

    Args:
        table: Of :func:`curve_table`.
        before: Row of the decision that the model had.
        store: Name of the store.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    tried = table.drop(index=before)
    inside = tried[(tried["target"] > 0) & (tried["target"] < 1)]
    for colour, (mode, rows) in zip(
        SERIES, inside.groupby("mode", sort=False), strict=False
    ):
        # Of what a mode has beside this threshold, the best.
        best = rows.groupby("target")["iou"].max()
        axes.plot(best.index, best, ".-", color=colour, label=str(mode))
    for row, marker, colour, name in (
        (table.iloc[before], "s", AXIS, "before"),
        (table[table["chosen"]].iloc[0], "o", DECIDED, "chosen"),
    ):
        label = f"{name}: IoU {row['iou']:.4f}"
        axes.plot(row["target"], row["iou"], marker, ms=9, mfc="none", mew=2,
                  color=colour, label=label)  # fmt: skip
    axes.set_xscale("logit")
    ticks = [0.001, 0.01, 0.1, 0.5, 0.9]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("threshold of the target channel; of the rest the best")
    axes.set_ylabel(f"IoU on {store}")
    axes.legend()
    return figure
