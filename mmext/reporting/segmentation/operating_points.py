"""Does the second stage beat another threshold of stage 1?"""

import math

import numpy as np
from matplotlib.figure import Figure

from mmext.evaluation.precision_recall import PrecisionRecall
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.style import CHANNEL0, STAGE1, STAGE2

from .case_panels import case_panels, label_panels

HEADINGS = {
    "case": "Case",
    "method": "Method",
    "rule": "Decision",
    "threshold": "Threshold",
    "precision": "Precision",
    "recall": "Recall",
    "iou": "IoU",
    "fn_tp": "FN/TP",
    "fp_tp": "FP/TP",
    "area": "Area under P–R",
}
Row = dict[str, str | float]
_TITLES = {"target": "stage 2, channel 0", "union": "stage 2, union"}
_COLOURS = {"target": CHANNEL0, "union": STAGE2}


def operating_rows(
    stage1: TileScores | None, cases: dict[str, dict[str, TileScores]]
) -> list[Row]:
    """Every method as decided, and the others brought to its recall.

    Args:
        stage1: Stage 1 alone.
        cases: Of each case ``target`` and ``union``.

    Returns:
        Rows with the keys of ``HEADINGS``; NaN where a recall is out of reach.
    """
    rows = []
    if stage1 is not None:
        rows.append(_decided("all", "stage 1", stage1))
        best = stage1.curve.best_iou()
        rule = "best IoU on these very pixels"
        rows.append(_point("all", "stage 1", rule, stage1.curve, best))
    for case, methods in cases.items():
        for name, scores in methods.items():
            rows.append(_decided(case, _TITLES[name], scores))
        titled = {_TITLES[name]: scores for name, scores in methods.items()}
        if stage1 is not None:
            titled = {"stage 1": stage1} | titled
        # Both ends: everyone at stage 2's recall, and everyone at stage 1's.
        ends = {"stage 2": list(methods.values())[-1]}
        if stage1 is not None:
            ends["stage 1"] = stage1
        for whose, end in ends.items():
            recall = _recall(end.sums)
            rule = f"at {whose}'s recall, {recall:.3f}"
            for title, scores in titled.items():
                if scores is not end:
                    index = scores.curve.at_recall(recall) if recall > 0 else None
                    rows.append(_point(case, title, rule, scores.curve, index))
    return rows


def verdict(case: str, stage1: TileScores, methods: dict[str, TileScores]) -> str:
    """In words: stage 2's decision against stage 1, at the recall of either."""
    last = list(methods.values())[-1]
    areas = [f"stage 1 {stage1.curve.area:.3f}"]
    areas += [f"{_TITLES[n]} {scores.curve.area:.3f}" for n, scores in methods.items()]
    return (
        f"{case}. {_at_recall('stage 2', last, 'stage 1', stage1)} "
        f"{_at_recall('stage 1', stage1, 'stage 2', last)} "
        f"Area under the curve: {', '.join(areas)}."
    )


def _at_recall(name: str, method: TileScores, other: str, rival: TileScores) -> str:
    tp, fp, _ = (int(value) for value in method.sums)
    if not tp:
        return f"As trained, {name} finds nothing."
    recall, precision = _recall(method.sums), tp / (tp + fp)
    start = f"At the recall of {name} as trained, {recall:.3f}, its precision is "
    index = rival.curve.at_recall(recall)
    if index is None:
        return f"{start}{precision:.3f}; {other} reaches that recall at no threshold."
    theirs = float(rival.curve.precision[index])
    threshold = _probability(rival.curve.score[index])
    return (
        f"{start}{precision:.3f}; {other} with its threshold at {threshold:.2g} has "
        f"{theirs:.3f}."
    )


def draw_operating_points(
    stage1: TileScores | None, cases: dict[str, dict[str, TileScores]]
) -> Figure:
    """Precision against recall, a panel per case; a dot where the model decides.

    Args:
        stage1: Stage 1 alone.
        cases: Of each case ``target`` and ``union``; may be empty.
    """
    figure, panels = case_panels(list(cases) or ["stage 1"], height=3.4)
    for axes, methods in zip(panels, cases.values() or [{}], strict=False):
        curves = [] if stage1 is None else [("stage 1", STAGE1, stage1)]
        curves += [(_TITLES[n], _COLOURS[n], scores) for n, scores in methods.items()]
        for title, colour, scores in curves:
            curve = _thinned(scores.curve)
            axes.plot(*curve, color=colour, label=title)
            tp, fp, _ = scores.sums
            if tp:
                point = (_recall(scores.sums), tp / (tp + fp))
                axes.plot(*point, "o", color=colour, mec="white", zorder=4)
        areas = [f"{scores.curve.area:.3f}" for _, _, scores in curves]
        axes.text(0.03, 0.04, "areas: " + " · ".join(areas), fontsize=8)
    panels[0].set(xlim=(0, 1.01), ylim=(0, 1.02))
    label_panels(figure, panels, "recall", "precision")
    return figure


def _thinned(curve: PrecisionRecall) -> tuple[np.ndarray, np.ndarray]:
    # A drawing needs no more than a point per half pixel of recall.
    keep = np.flatnonzero(np.diff(np.floor(curve.recall * 1500), prepend=-1, append=-1))
    keep = np.unique(np.append(keep[keep < len(curve.recall)], len(curve.recall) - 1))
    return curve.recall[keep], curve.precision[keep]


def _decided(case: str, method: str, scores: TileScores) -> Row:
    return _row(case, method, "as trained", math.nan, scores.sums, scores.curve.area)


def _point(
    case: str, method: str, rule: str, curve: PrecisionRecall, index: int | None
) -> Row:
    if index is None:
        return _row(case, method, rule, math.nan, np.zeros(3), curve.area)
    tp, fp = curve.tp[index], curve.fp[index]
    sums = np.array([tp, fp, curve.total - tp])
    return _row(case, method, rule, _probability(curve.score[index]), sums, curve.area)


def _row(
    case: str, method: str, rule: str, threshold: float, sums: np.ndarray, area: float
) -> Row:
    tp, fp, fn = (int(value) for value in sums)
    return {
        "case": case,
        "method": method,
        "rule": rule,
        "threshold": threshold,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "iou": _ratio(tp, tp + fp + fn),
        "fn_tp": _ratio(fn, tp),
        "fp_tp": _ratio(fp, tp),
        "area": area,
    }


def _recall(sums: np.ndarray) -> float:
    return _ratio(int(sums[0]), int(sums[0] + sums[2]))


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else math.nan


def _probability(logit: np.float16) -> float:
    return 1 / (1 + math.exp(-float(logit)))
