"""The rows of a study's tables."""

from collections.abc import Sequence

import numpy as np

from mmext.reporting.numbers import ends, mean_and_deviation, value_and_interval

from .results import ArmScores, Results

_SCORES = {
    "iou": "IoU",
    "recall": "Recall",
    "precision": "Precision",
    "fn_tp": "FN/TP",
    "fp_tp": "FP/TP",
}
_COUNTS = ("tp", "fp", "fn")
ARM_HEADINGS = {
    "arm": "Arm",
    "epochs": "Epochs in all",
    "iou": _SCORES["iou"],  # before the others, with the gain in it
    "gain": "Δ IoU to the reference [t interval over seeds]",
    "crossed": "[bootstrap over seeds and scenes]",
    **_SCORES,
    "matched": "Reference's precision at this recall",
    "area": "Area under P–R",
    "deviation": "Deviation over epochs",
}
SEED_COLUMNS = (
    *("arm", "seed", "checkpoint", "decision", "val_iou"),
    *_SCORES,
    *("matched", "area"),
    *_COUNTS,
)


EPOCH_COLUMNS = ("arm", "seed", "epoch", "iou", *_COUNTS)
SCENE_COLUMNS = ("arm", "seed", "scene", *_COUNTS)


def arm_row(results: Results, arm: str) -> dict[str, object]:
    """An arm in the table of arms: mean ± standard deviation over its seeds."""
    scores = results.scores[arm]
    areas = [curve.area for curve in results.curves(arm)]
    row: dict[str, object] = {"arm": arm, "epochs": results.costs[arm].epochs}
    row |= {name: mean_and_deviation(_values(scores, name)) for name in _SCORES}
    row["matched"] = mean_and_deviation(results.matched(arm))
    row["area"] = mean_and_deviation(areas)
    if arm in results.stability:
        deviations = [seed.deviation for seed in results.stability[arm]]
        row["deviation"] = mean_and_deviation(deviations)
    if arm != results.reference:
        gain = results.compare(arm, results.reference)
        row["gain"] = value_and_interval(gain.over_seeds)
        row["crossed"] = ends(gain.crossed)
    return row


def arm_headings(results: Results) -> dict[str, str]:
    """Headings of the table of arms by column, without what no arm has."""
    left_out = set() if results.stability else {"deviation"}
    if not results.meets_at_equal_recall:
        left_out.add("matched")
    if not any(results.curves(arm.name) for arm in results.study.arms):
        left_out.add("area")
    return {key: text for key, text in ARM_HEADINGS.items() if key not in left_out}


def epoch_rows(results: Results) -> list[dict[str, object]]:
    """The scored epochs of every arm and seed, a row each."""
    return [
        {"arm": arm, "seed": seed, "epoch": int(epoch), "iou": _digits(float(value))}
        | dict(zip(_COUNTS, sums.sum(axis=0).tolist(), strict=True))
        for arm, seeds in results.stability.items()
        for seed, scores in zip(results.study.seeds, seeds, strict=True)
        for epoch, value, sums in zip(
            scores.epochs, scores.iou, scores.sums, strict=True
        )
    ]


def seed_rows(results: Results, arm: str) -> list[dict[str, object]]:
    """An arm's seeds, a row each."""
    rows = []
    matched = results.matched(arm)
    for index, seed in enumerate(results.study.seeds):
        scores = results.scores[arm][index]
        rows.append(
            {
                "arm": arm,
                "seed": seed,
                "checkpoint": scores.checkpoint,
                "decision": str(scores.decision),
                "val_iou": _digits(scores.val_iou),
                **{name: _digits(getattr(scores.counts, name)) for name in _SCORES},
                "matched": _digits(matched[index]),
                "area": _digits(scores.curve.area) if scores.curve else "",
                **{name: getattr(scores.counts, name) for name in _COUNTS},
            }
        )
    return rows


def scene_rows(results: Results) -> list[dict[str, object]]:
    """The scored scenes of every arm and seed, a row each."""
    return [
        {"arm": arm, "seed": seed, "scene": scene}
        | dict(zip(_COUNTS, sums.tolist(), strict=True))
        for arm, seeds in results.scores.items()
        for seed, scores in zip(results.study.seeds, seeds, strict=True)
        for scene, sums in zip(scores.scenes, scores.sums, strict=True)
    ]


def _values(scores: Sequence[ArmScores], name: str) -> list[float]:
    return [getattr(arm_scores.counts, name) for arm_scores in scores]


def _digits(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""
