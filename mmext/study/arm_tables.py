"""The rows of a study's tables."""

from collections.abc import Callable, Sequence

import numpy as np

from mmext.evaluation.bootstrap import fn_tp, fp_tp, iou
from mmext.reporting.numbers import mean_and_deviation, value_and_interval

from .results import Results
from .scores import ArmScores

ARM_HEADINGS = {
    "arm": "Arm",
    "epochs": "Epochs in all",
    "iou": "IoU",
    "recall": "Recall",
    "precision": "Precision",
    "fn_tp": "FN/TP",
    "fp_tp": "FP/TP",
    "matched": "Reference's precision at this recall",
    "area": "Area under P–R",
    "gain": "Δ IoU to the reference",
}
SEED_COLUMNS = (
    "arm",
    "seed",
    "decision",
    "val_iou",
    "iou",
    "recall",
    "precision",
    "fn_tp",
    "fp_tp",
    "matched",
    "area",
    "tp",
    "fp",
    "fn",
)


def arm_row(results: Results, arm: str) -> dict[str, object]:
    """An arm in the table of arms: mean ± standard deviation over its seeds."""
    scores = results.scores[arm]
    areas = [s.curve.area for s in scores if s.curve is not None]
    row: dict[str, object] = {"arm": arm, "epochs": results.costs[arm].epochs}
    row |= {
        "iou": mean_and_deviation(_values(scores, iou)),
        "recall": mean_and_deviation([s.recall for s in scores]),
        "precision": mean_and_deviation([s.precision for s in scores]),
        "fn_tp": mean_and_deviation(_values(scores, fn_tp)),
        "fp_tp": mean_and_deviation(_values(scores, fp_tp)),
        "matched": mean_and_deviation(results.matched(arm)),
        "area": mean_and_deviation(areas),
    }
    if arm != results.study.reference:
        row["gain"] = value_and_interval(results.gain(arm))
    return row


def seed_rows(results: Results, arm: str) -> list[dict[str, object]]:
    """An arm's seeds, a row each."""
    rows = []
    matched = results.matched(arm)
    for index, seed in enumerate(results.study.seeds):
        scores = results.scores[arm][index]
        tp, fp, fn = (int(value) for value in scores.total)
        rows.append(
            {
                "arm": arm,
                "seed": seed,
                "decision": str(scores.decision),
                "val_iou": _digits(scores.val_iou),
                "iou": _digits(float(iou(scores.total))),
                "recall": _digits(scores.recall),
                "precision": _digits(scores.precision),
                "fn_tp": _digits(float(fn_tp(scores.total))),
                "fp_tp": _digits(float(fp_tp(scores.total))),
                "matched": _digits(matched[index]),
                "area": _digits(scores.curve.area) if scores.curve else "",
                "tp": tp,
                "fp": fp,
                "fn": fn,
            }
        )
    return rows


def _values(
    scores: Sequence[ArmScores], score: Callable[[np.ndarray], np.ndarray]
) -> list[float]:
    return [float(score(s.total)) for s in scores]


def _digits(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""
