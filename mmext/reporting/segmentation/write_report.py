"""The report of experiments: tables, figures and one page that holds them."""

from collections.abc import Sequence
from pathlib import Path

import mmext
from mmext.fileio import atomic_path
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.provenance import add_provenance
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import find_runs
from mmext.reporting.style import styled

from .accumulated_errors import add_accumulated_errors
from .averages import EpochWindow
from .cases import add_cases
from .experiment import (
    Evaluation,
    Experiment,
    evaluate,
    group_experiments,
    group_seeds,
)
from .gains import add_gains
from .maps import add_maps
from .operating_points import add_operating_points
from .training import add_training

TITLE = "Two-stage error-aware segmentation"


def write_report(
    paths: Sequence[Path],
    out: Path,
    window: EpochWindow | None = None,
    title: str = TITLE,
) -> list[str]:
    """Write ``report.html``, ``figures/`` (PNG and SVG) and tables (CSV).

    Several experiments (folders of work directories) get a subfolder each; those
    that differ in their seed alone are also put together.

    Args:
        paths: Work directories, or folders that hold some.
        out: Folder for the report.
        window: Epochs that the case table averages over; None means those of both
            stages whose models are trained (``first_trained_epoch``).
        title: Of the page.

    Returns:
        What was missing, unfinished or doubtful, a line each.

    Raises:
        UserError: There is nothing to report.
    """
    runs, notes = find_runs(paths)
    groups = group_seeds(group_experiments(runs))
    out.mkdir(parents=True, exist_ok=True)
    page = HtmlPage(
        title, f"{len(runs)} trainings, reported by mmext {mmext.__version__}"
    )
    page.warnings(notes)
    several = sum(map(len, groups)) > 1
    with styled():
        for seeds in groups:
            notes += _add_group(page, out, seeds, window, several)
        add_provenance(ReportWriter(page, out), runs)
    with atomic_path(out / "report.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")
    return notes


def _add_group(
    page: HtmlPage,
    out: Path,
    seeds: Sequence[Experiment],
    window: EpochWindow | None,
    several: bool,
) -> list[str]:
    evaluations = [evaluate(e, out / "predictions" / e.label) for e in seeds]
    # What is of all seeds lies beside the seeds' own folders.
    shared = str(Path(seeds[0].label).parent) if len(seeds) > 1 else seeds[0].label
    prefix = f"{shared}: " if several and shared != "." else ""
    common = ReportWriter(page, out, prefix, shared if several else "")
    add_cases(common, seeds, window)
    add_gains(common, seeds, evaluations)
    notes = common.notes
    if len(seeds) > 1:
        page.text(f"Tiles and maps are drawn of {seeds[0].label} only.", quiet=True)
    for experiment, evaluation in zip(seeds, evaluations, strict=True):
        prefix = f"{experiment.label}: " if several else ""
        subfolder = experiment.label if several else ""
        writer = ReportWriter(page, out, prefix, subfolder)
        drawn = experiment is seeds[0]
        notes += _add_experiment(writer, experiment, evaluation, drawn)
    return notes


def _add_experiment(
    writer: ReportWriter,
    experiment: Experiment,
    evaluation: Evaluation,
    pictures: bool,
) -> list[str]:
    add_training(writer, experiment)
    if pictures:
        add_accumulated_errors(writer, experiment)
    writer.page.warnings(evaluation.notes)
    add_operating_points(writer, evaluation)
    if pictures:
        add_maps(writer, experiment, evaluation)
    if experiment.missing:
        names = ", ".join(experiment.missing)
        writer.page.text(f"Of the paper's runs not there: {names}.", quiet=True)
    return [*evaluation.notes, *writer.notes]
