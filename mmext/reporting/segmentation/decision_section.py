"""Precision against recall, and how sure the gains are."""

from collections.abc import Sequence

from mmext.reporting.report_writer import ReportWriter

from .evaluation import Evaluation
from .experiment import Experiment
from .operating_points import HEADINGS, draw_operating_points, operating_rows, verdict
from .seeds import (
    INTERVAL_HEADINGS,
    case_intervals,
    draw_intervals,
    interval_rows,
    units_of,
)


def add_decision(writer: ReportWriter, evaluation: Evaluation) -> None:
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
    writer.page.table(rows, HEADINGS, text=3)
    writer.page.text(
        "Thresholds found on the test pixels themselves are there to compare methods "
        "at one recall, not to be used: choose a threshold on validation data.",
        quiet=True,
    )
    writer.csv("operating_points", rows, list(HEADINGS))


def add_intervals(
    writer: ReportWriter,
    seeds: Sequence[Experiment],
    evaluations: Sequence[Evaluation],
) -> None:
    """Add the gains over stage 1 with bootstrap intervals.

    Args:
        writer: Of the report.
        seeds: Experiments that differ in their seed alone.
        evaluations: Of each experiment.
    """
    whole = [e for e in evaluations if e.stage1 is not None]
    if not whole:
        return
    intervals, rows, kind = {}, [], ""
    for case in dict.fromkeys(case for e in whole for case in e.scores):
        members = [e for e in whole if case in e.scores]
        answers = [e.cases[case] for e in members]
        if len({answer.store.fingerprint for answer in answers}) > 1:
            writer.notes.append(f"{case}: its seeds were tested on different stores")
            continue
        first = [e.stage1_scores for e in members if e.stage1_scores is not None]
        units, kind = units_of(answers[0].store.tiles["scene"].to_numpy())
        found = case_intervals(first, [e.scores[case] for e in members], units)
        intervals[case] = found
        rows += interval_rows(case, len(members), found)
    if not rows:
        return
    writer.heading("How sure are the gains?")
    caution = (
        "Tiles of one scene resemble each other, so the intervals are rather too "
        "narrow. "
        if kind == "tiles"
        else ""
    )
    seeds_said = (
        f"The gain is the mean of {len(whole)} seeds."
        if len(whole) > 1
        else "One seed: the interval says nothing of the chance in training."
    )
    writer.page.text(
        f"Gains of the newest checkpoints over stage 1's, with 95 % bootstrap "
        f"intervals over test {kind}, the same draws for both. {caution}{seeds_said}"
    )
    writer.figure(
        "intervals",
        draw_intervals(intervals),
        "Above zero Δ IoU and Δ FN/TP are better, Δ FP/TP is worse.",
    )
    writer.page.table(rows, INTERVAL_HEADINGS, text=2)
    undefined = max(
        interval.undefined
        for methods in intervals.values()
        for scores in methods.values()
        for interval in scores.values()
    )
    if undefined:
        writer.page.text(
            f"In up to {undefined:.2%} of the draws a method has no true positive, so "
            "no FN/TP and FP/TP; they are left out.",
            quiet=True,
        )
    writer.csv("intervals", rows, list(INTERVAL_HEADINGS))


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
