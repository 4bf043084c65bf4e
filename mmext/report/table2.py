"""The case table of a run, beside the published one."""

import math

import numpy as np

from .experiment import Experiment
from .published import TABLE_2
from .runs import Run

HEADINGS = {
    "case": "Case",
    "source": "Source",
    "seed": "Seed",
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
COLUMNS = tuple(HEADINGS)
Row = dict[str, str | float]


def case_rows(experiment: Experiment, window: int | None) -> list[Row]:
    """A row per case: averages over the last epochs of both stages.

    The paper says only "averages over epochs". Here both stages are averaged over
    the epochs with the same numbers, the last ``window`` that both have.

    Args:
        experiment: The runs.
        window: Number of epochs; None means all that both stages have.
    """
    rows = []
    for case, run in experiment.cases.items():
        row: Row = {"case": case, "source": "this run", "seed": run.seed}
        row["cfdr"] = case_cfdr(experiment, run)
        for score in ("iou", "fn_tp", "fp_tp"):
            first, second = _window_means(experiment, run, score, window)
            row[f"{score}_1"], row[f"{score}_2"] = first, second
        rows.append(_with_differences(row))
    return rows


def published_rows() -> list[Row]:
    """The paper's rows, with the differences computed from its own figures."""
    nothing = {"fp_tp_1": math.nan, "fp_tp_2": math.nan}
    return [
        _with_differences({"case": case, "source": "paper", **values, **nothing})
        for case, values in TABLE_2.items()
    ]


def case_cfdr(experiment: Experiment, run: Run) -> float:
    """CFDR of the bank that a second stage was trained on."""
    lineage = run.record["lineage"] or {}
    parent = experiment.runs.get(lineage.get("parent", ""))
    if parent is None:
        return math.nan
    here = parent.series("cfdr", "total")[parent.epochs() == lineage["epoch"]]
    return float(here[0]) if len(here) else math.nan


def averaged_epochs(experiment: Experiment, run: Run, window: int | None) -> np.ndarray:
    """The epoch numbers that both stages are averaged over."""
    common = np.intersect1d(experiment.stage1("epoch")[0], run.epochs())
    return common if window is None else common[-window:]


def _window_means(
    experiment: Experiment, run: Run, score: str, window: int | None
) -> tuple[float, float]:
    chosen = averaged_epochs(experiment, run, window)
    epochs, values = experiment.stage1("test", "target", score)
    first = values[np.isin(epochs, chosen)]
    second = run.series("test", run.decided, score)[np.isin(run.epochs(), chosen)]
    return _mean(first), _mean(second)


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _with_differences(row: Row) -> Row:
    gains = {"iou": 1, "fn_tp": -1, "fp_tp": 1}
    for score, sign in gains.items():
        first, second = row[f"{score}_1"], row[f"{score}_2"]
        row[f"d_{score}"] = sign * (float(second) - float(first))
    return row
