"""The section "Another threshold instead?": stage 2 and every threshold of stage 1."""

import math

import numpy as np
from matplotlib.figure import Figure

from mmext.evaluation.confusion import Confusion
from mmext.evaluation.precision_recall import PrecisionRecall
from mmext.evaluation.tile_scores import TileScores
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import CHANNEL0, STAGE1, STAGE2, case_panels, label_panels

from .averages import SCORES
from .experiment import METHODS, Evaluation

_SCORES = {"precision": "Precision", "recall": "Recall", **SCORES}
_HEADINGS = {
    "case": "Case",
    "method": "Method",
    "rule": "Decision",
    "threshold": "Threshold",
    **_SCORES,
    "area": "Area under P–R",
}
Row = dict[str, str | float]
_COLOURS = {"target": CHANNEL0, "union": STAGE2}


def add_operating_points(writer: ReportWriter, evaluation: Evaluation) -> None:
    """Add precision–recall curves, operating points and a plain answer.

    Args:
        writer: Of the report.
        evaluation: Scores of one experiment.
    """
    stage1 = evaluation.stage1_scores
    if stage1 is None and not evaluation.scores:
        return
    writer.heading("Another threshold instead?")
    writer.page.text(_what_is_scored(evaluation))
    if stage1 is not None:
        for case, methods in evaluation.scores.items():
            writer.page.text(verdict(case, stage1, methods))
    figure = draw_operating_points(stage1, evaluation.scores)
    caption = (
        "Precision and recall of test pixels at every threshold; for the union the "
        "threshold is common to its channels. Dots: as the model decides. Areas in "
        "the legend's order."
    )
    writer.figure("precision_recall", figure, caption)
    rows = operating_rows(stage1, evaluation.scores)
    writer.page.table(rows, _HEADINGS, text=3)
    writer.page.text(
        "Thresholds found on the test pixels themselves are there to compare methods "
        "at one recall, not to be used: choose a threshold on validation data.",
        quiet=True,
    )
    writer.csv("operating_points", rows, list(_HEADINGS))


def operating_rows(
    stage1: TileScores | None, cases: dict[str, dict[str, TileScores]]
) -> list[Row]:
    """Every method as decided, and the others brought to its recall.

    Args:
        stage1: Stage 1 alone.
        cases: Of each case ``target`` and ``union``.

    Returns:
        Rows with the keys of ``_HEADINGS``; NaN where a recall is out of reach.
    """
    rows = []
    if stage1 is not None:
        rows.append(_decided("all", "stage 1", stage1))
        best = stage1.curve.best_iou()
        rule = "best IoU on these very pixels"
        rows.append(_point("all", "stage 1", rule, stage1.curve, best))
    for case, methods in cases.items():
        for name, scores in methods.items():
            rows.append(_decided(case, METHODS[name], scores))
        titled = {METHODS[name]: scores for name, scores in methods.items()}
        if stage1 is not None:
            titled = {"stage 1": stage1} | titled
        # Both ends: everyone at stage 2's recall, and everyone at stage 1's.
        ends = {"stage 2": list(methods.values())[-1]}
        if stage1 is not None:
            ends["stage 1"] = stage1
        for whose, end in ends.items():
            recall = end.counts.recall
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
    areas += [f"{METHODS[n]} {scores.curve.area:.3f}" for n, scores in methods.items()]
    return (
        f"{case}. {_at_recall('stage 2', last, 'stage 1', stage1)} "
        f"{_at_recall('stage 1', stage1, 'stage 2', last)} "
        f"Area under the curve: {', '.join(areas)}."
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
        curves += [(METHODS[n], _COLOURS[n], scores) for n, scores in methods.items()]
        for title, colour, scores in curves:
            curve = _thinned(scores.curve)
            axes.plot(*curve, color=colour, label=title)
            if scores.counts.tp:
                point = (scores.counts.recall, scores.counts.precision)
                axes.plot(*point, "o", color=colour, mec="white", zorder=4)
        areas = [f"{scores.curve.area:.3f}" for _, _, scores in curves]
        axes.text(0.03, 0.04, "areas: " + " · ".join(areas), fontsize=8)
    panels[0].set(xlim=(0, 1.01), ylim=(0, 1.02))
    label_panels(figure, panels, "recall", "precision")
    return figure


def _what_is_scored(evaluation: Evaluation) -> str:
    parts = []
    if evaluation.stage1 is not None:
        run = evaluation.stage1.run.name
        parts.append(f"stage 1 at epoch {evaluation.stage1.epoch} ({run})")
    parts += [f"{case} at {a.epoch}" for case, a in evaluation.cases.items()]
    known = evaluation.stage1 or next(iter(evaluation.cases.values()))
    return (
        f"Newest checkpoints on the {len(known.store):,} tiles of {known.store.path}: "
        f"{', '.join(parts)}."
    )


def _at_recall(name: str, method: TileScores, other: str, rival: TileScores) -> str:
    recall, precision = method.counts.recall, method.counts.precision
    if not method.counts.tp:
        return f"As trained, {name} has no true positive."
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


def _thinned(curve: PrecisionRecall) -> tuple[np.ndarray, np.ndarray]:
    # A drawing needs no more than a point per half pixel of recall.
    keep = np.flatnonzero(np.diff(np.floor(curve.recall * 1500), prepend=-1, append=-1))
    keep = np.unique(np.append(keep[keep < len(curve.recall)], len(curve.recall) - 1))
    return curve.recall[keep], curve.precision[keep]


def _decided(case: str, method: str, scores: TileScores) -> Row:
    return _row(case, method, "as trained", math.nan, scores.counts, scores.curve.area)


def _point(
    case: str, method: str, rule: str, curve: PrecisionRecall, index: int | None
) -> Row:
    if index is None:
        return _row(case, method, rule, math.nan, Confusion(), curve.area)
    tp, fp = int(curve.tp[index]), int(curve.fp[index])
    counts = Confusion(tp, fp, curve.total - tp)
    threshold = _probability(curve.score[index])
    return _row(case, method, rule, threshold, counts, curve.area)


def _row(
    case: str, method: str, rule: str, threshold: float, counts: Confusion, area: float
) -> Row:
    scores = {name: getattr(counts, name) for name in _SCORES}
    decision = {"case": case, "method": method, "rule": rule, "threshold": threshold}
    return {**decision, **scores, "area": area}


def _probability(logit: np.float16) -> float:
    return 1 / (1 + math.exp(-float(logit)))
