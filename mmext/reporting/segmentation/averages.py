"""What the case table says of a run: averages over epochs."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmext.errors import UserError
from mmext.reporting.runs import Run

from .experiment import Experiment

SCORES = {"iou": "IoU", "fn_tp": "FN/TP", "fp_tp": "FP/TP"}
Row = dict[str, str | float]


@dataclass(frozen=True)
class EpochWindow:
    """All epochs, the last so many, or those from one number to another.

    Attributes:
        count: How many at the end; None for any number.
        first: The first epoch; None for the beginning.
        last: The last epoch, included; None for the end.
    """

    count: int | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> "EpochWindow":
        """Read ``N`` (the last N) or ``FIRST:LAST`` (either may be left away).

        Raises:
            UserError: It is neither.
        """
        if re.fullmatch(r"\d+", text) and int(text) > 0:
            return cls(count=int(text))
        if re.fullmatch(r"\d*:\d*", text):
            first, last = (int(part) if part else None for part in text.split(":"))
            if first is None or last is None or first <= last:
                return cls(first=first, last=last)
        raise UserError(
            f"--epochs: is {text!r}, expected a number of last epochs or FIRST:LAST"
        )

    def select(self, epochs: np.ndarray) -> np.ndarray:
        """Those of (E,) rising epoch numbers that lie in the window."""
        chosen = epochs
        if self.first is not None:
            chosen = chosen[chosen >= self.first]
        if self.last is not None:
            chosen = chosen[chosen <= self.last]
        return chosen if self.count is None else chosen[-self.count :]


def case_rows(experiment: Experiment, window: EpochWindow | None) -> list[Row]:
    """A row per case: averages over epochs of both stages, on the test set.

    The paper says only "averages over epochs". Here both stages are averaged over
    the same epoch numbers: those that both have and that lie in the window.

    Args:
        experiment: The runs.
        window: Which of the epochs that both stages have; None leaves out those of
            untrained models, see :func:`first_trained_epoch`.

    Returns:
        ``case``, ``source``, ``seed``, ``cfdr``, and by score and stage the mean over
        epochs (``iou_1``), the median (``median_iou_1``), and what is gained
        (``d_iou``, of the means).
    """
    rows = []
    for case, run in experiment.cases.items():
        row: Row = {"case": case, "source": "this run", "seed": experiment.seed}
        row["cfdr"] = case_cfdr(experiment, run)
        for score in SCORES:
            both = _window_values(experiment, run, score, window)
            for stage, values in enumerate(both, start=1):
                row[f"{score}_{stage}"] = _of_finite(np.mean, values)
                row[f"median_{score}_{stage}"] = _of_finite(np.median, values)
        rows.append(with_differences(row))
    return rows


def case_cfdr(experiment: Experiment, run: Run) -> float:
    """CFDR of the bank that a second stage was trained on; NaN if of several."""
    if len(run.parents) != 1 or run.parents[0] not in experiment.runs:
        return math.nan
    parent = experiment.runs[run.parents[0]]
    here = parent.series("cfdr", "total")[parent.epochs() == run.lineage["epoch"]]
    return float(here[0]) if len(here) else math.nan


def averaged_epochs(
    experiment: Experiment, run: Run, window: EpochWindow | None
) -> np.ndarray:
    """The epoch numbers to average over: of both stages, or of stage 2 if alone."""
    first, second = experiment.stage1("epoch")[0], run.epochs()
    both = np.intersect1d(first, second) if len(first) else second
    if window is None:
        return both[both >= first_trained_epoch(experiment, run)]
    return window.select(both)


def first_trained_epoch(experiment: Experiment, run: Run) -> float:
    """The first epoch whose models can be called trained; infinite if none can.

    That is the first after which errors are accumulated: the method's own line
    between learning and refining. Nor does an epoch count before either stage has
    found any target in the test set.

    Args:
        experiment: Of stage 1; where it accumulated nothing, its first epoch counts.
        run: Stage 2.
    """
    epochs, ratios = experiment.stage1("cfdr", "total")
    begun = epochs[np.isfinite(ratios)]
    parts = [
        (run.epochs(), run.series("test", run.decided_by, "iou")),
        experiment.stage1("test", "target", "iou"),
    ]
    firsts = [
        float(numbers[values > 0].astype(float).min(initial=np.inf))
        for numbers, values in parts
        if len(numbers)
    ]
    return max([float(begun[0]) if len(begun) else 0.0, *firsts])


def with_differences(row: Row) -> Row:
    """A row with how much better each score of the second stage is."""
    gains = {"iou": 1, "fn_tp": -1, "fp_tp": 1}
    for score, sign in gains.items():
        first, second = row[f"{score}_1"], row[f"{score}_2"]
        # Averages have no 12 significant digits.
        row[f"d_{score}"] = round(sign * (float(second) - float(first)), 12)
    return row


def _window_values(
    experiment: Experiment, run: Run, score: str, window: EpochWindow | None
) -> tuple[np.ndarray, np.ndarray]:
    chosen = averaged_epochs(experiment, run, window)
    epochs, values = experiment.stage1("test", "target", score)
    second = run.series("test", run.decided_by, score)[np.isin(run.epochs(), chosen)]
    return values[np.isin(epochs, chosen)], second


def _of_finite(average: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(average(finite)) if len(finite) else math.nan
