"""The report of a loss ablation in thermal depth."""

from collections.abc import Sequence
from pathlib import Path

import mmext
from mmext.errors import UserError
from mmext.evaluation.depth import SCORES
from mmext.fileio import atomic_path
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.provenance import add_provenance
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import find_runs
from mmext.reporting.style import styled

from .ablation import Ablation, group_ablations
from .baselines import baseline_scores, dataset_lines
from .curves import seed_scores, training_curves
from .maps import add_maps
from .structure import add_structure
from .tables import (
    CHANGE_HEADINGS,
    Baselines,
    ablation_headings,
    ablation_rows,
    change_rows,
    overview_headings,
    overview_rows,
    score_rows,
)

TITLE = "Losses for thermal monocular depth"


def write_depth_report(
    paths: Sequence[Path],
    out: Path,
    frames: int = 4,
    frame_ids: Sequence[str] = (),
    title: str = TITLE,
) -> list[str]:
    """Write ``report.html``, ``figures/`` (PNG and SVG) and tables (CSV).

    Runs on the same data, equally long and scored alike, make an ablation; several of
    them (by data, split, teacher or length) get sections and a subfolder each, and so
    have runs of one configuration that differ in their networks.

    Args:
        paths: Work directories, or folders that hold some.
        out: Folder for the report.
        frames: How many frames to draw of each ablation, evenly spaced.
        frame_ids: Sample ids to draw instead.
        title: Of the page.

    Returns:
        What was missing, unfinished or left out, a line each.

    Raises:
        UserError: There is nothing to report.
    """
    runs, notes = find_runs(paths)
    ablations, left_out = group_ablations(runs)
    notes += left_out
    if not ablations:
        raise UserError(f"no depth training to report: {'; '.join(notes)}")
    out.mkdir(parents=True, exist_ok=True)
    page = HtmlPage(
        title, f"{len(runs)} trainings, reported by mmext {mmext.__version__}"
    )
    page.warnings(notes)
    if not all(run.finished for run in runs):
        page.text("Unfinished trainings are in no table or figure.", quiet=True)
    several = len(ablations) > 1
    baselines = [_baselines(page, notes, ablation) for ablation in ablations]
    with styled():
        if several:
            _add_overview(ReportWriter(page, out), ablations, baselines)
        for ablation, known in zip(ablations, baselines, strict=True):
            folder = ablation.label if several else ""
            prefix = f"{folder}: " if several else ""
            writer = ReportWriter(page, out, prefix, folder)
            _add_ablation(writer, ablation, known, frames, frame_ids)
            notes += writer.notes
        add_provenance(ReportWriter(page, out), runs)
    with atomic_path(out / "report.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")
    return notes


def _baselines(page: HtmlPage, notes: list[str], ablation: Ablation) -> Baselines:
    try:
        return baseline_scores(ablation.config)
    except UserError as error:
        notes.append(f"{ablation.label}: no baselines: {error}")
        page.warnings([notes[-1]])
        return {}


def _add_overview(
    writer: ReportWriter, ablations: Sequence[Ablation], baselines: Sequence[Baselines]
) -> None:
    writer.heading("Overview")
    rows, headings = overview_rows(ablations, baselines), overview_headings(ablations)
    writer.page.table(rows, headings, text=2)
    writer.csv("overview", rows, list(headings))
    writer.page.text(
        "AbsRel as predicted, not scaled: mean ± standard deviation over seeds.",
        quiet=True,
    )


def _add_ablation(
    writer: ReportWriter,
    ablation: Ablation,
    baselines: Baselines,
    frames: int,
    frame_ids: Sequence[str],
) -> None:
    writer.heading("Ablation")
    for line in _conditions(ablation):
        writer.page.text(line, quiet=True)
    if baselines:
        writer.page.text(
            "In italics: what needs no image, the median depth and mean maps of the "
            "training frames. A network that is no better has learnt the place, not "
            "depth.",
            quiet=True,
        )
    headings = ablation_headings(ablation)
    rows = ablation_rows(ablation, baselines)
    writer.page.table(rows, headings)
    writer.csv("ablation", rows, list(headings))
    columns = ["configuration", "seed", "pixels", *SCORES]
    writer.csv("scores", score_rows(ablation, baselines), columns)
    _add_changes(writer, ablation)
    caption = (
        "Points: seeds; bars: their mean. Grey lines: baselines that do not look at "
        "the image."
    )
    writer.figure("seed_scores", seed_scores(ablation, baselines), caption)
    add_structure(writer, ablation)
    add_maps(writer, ablation, frames, frame_ids)
    writer.heading("Training")
    caption = (
        "By epoch: mean over seeds, shaded from the least to the most. Losses of "
        "different configurations have different terms and do not compare. High "
        "values of the first epochs are cut off."
    )
    writer.figure("training", training_curves(ablation), caption)


def _add_changes(writer: ReportWriter, ablation: Ablation) -> None:
    rows = change_rows(ablation)
    if not rows:
        return
    writer.page.subheading("What is changed by leaving out a term, or by other means")
    writer.page.table(rows, CHANGE_HEADINGS)
    writer.csv("changes", rows, list(CHANGE_HEADINGS))
    writer.page.text(
        "Relative to all losses, seed by seed, mean ± standard deviation. The paper "
        "states neither data nor units, so that only such changes compare. Agrees: "
        "yes or no where the 95 % interval over seeds (Student's t) excludes no "
        "change; of what the paper has not, lower or higher.",
        quiet=True,
    )


def _conditions(ablation: Ablation) -> list[str]:
    """How the scores came about: data, cap, crop, averaging, alignment, epoch."""
    evaluator = ablation.config.val_evaluator
    crop = evaluator.get("crop")
    average = {"image": "mean over images", "pixel": "all pixels pooled"}
    run = ablation.any_run
    lines = dataset_lines(ablation.config)
    data = "; ".join(f"{title} {text}" for title, text in lines)
    return [
        f"{data[0].upper()}{data[1:]}.",
        f"RMSE in metres; truth between {evaluator.get('min_depth', 1e-3):g} and "
        f"{evaluator.max_depth:g} m; {'crop ' + str(crop) if crop else 'no crop'}; "
        f"{average[evaluator.get('average', 'image')]}. Median-scaled: each image "
        "multiplied by median(truth) / median(prediction); otherwise as predicted. "
        f"Scores are those of the last epoch ({run.last_epoch}), mean ± standard "
        f"deviation over seeds {', '.join(map(str, ablation.seeds))}.",
    ]
