"""A study's tables, figures and page."""

from pathlib import Path

import mmext
from mmext.datasets.tile_store import TileStore
from mmext.evaluation.paired_t import MIN_SEEDS
from mmext.fileio import atomic_path
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.numbers import mean_and_deviation
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import styled

from .arm_tables import (
    EPOCH_COLUMNS,
    SCENE_COLUMNS,
    SEED_COLUMNS,
    arm_headings,
    arm_row,
    epoch_rows,
    scene_rows,
    seed_rows,
)
from .draw_arms import draw_arms, draw_curves, draw_epochs
from .results import Results
from .study_file import Study
from .training_facts import (
    FACTS,
    TRAINING_COLUMNS,
    training_rows,
    training_seed_rows,
)
from .write_questions import add_questions

DETECTION_HEADINGS = {
    "arm": "Arm",
    "chance": "Chance",
    "error channel": "Error channel",
    "entropy of stage 1": "Entropy of stage 1",
    "entropy of channel 0": "Entropy of channel 0",
    "calibration": "Calibration error",
}


def write_results(results: Results, out: Path) -> None:
    """Write ``study.html``, its figures, and its tables as CSV.

    Args:
        results: What was found.
        out: The folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    study = results.study
    page = HtmlPage(
        f"Study {study.path.stem}",
        f"{len(study.arms)} arms, {len(study.seeds)} seeds; mmext {mmext.__version__}",
    )
    page.warnings(results.warnings)
    writer = ReportWriter(page, out)
    with styled():
        add_questions(writer, results)
        _add_arms(writer, results)
        _add_epochs(writer, results)
        _add_detection(writer, results)
        _add_trainings(writer, results)
    _add_setting(page, study)
    with atomic_path(out / "study.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")


def _add_arms(writer: ReportWriter, results: Results) -> None:
    study = results.study
    writer.heading("Arms")
    scenes = len(next(iter(results.scores.values()))[0].sums)
    at_equal_recall = shown_at_equal_recall = own_curves = ""
    if results.meets_at_equal_recall:
        at_equal_recall = (
            " At equal recall, an arm has fewer false positives than the reference if "
            "its precision is above the reference's at this recall."
        )
        shown_at_equal_recall = (
            " Right: what the arm's precision has over the reference's at equal recall."
        )
    if results.curves(results.reference):
        own_curves = " Lines: the reference's own curves, one of each seed."
    writer.page.text(
        f"Mean ± standard deviation over {len(study.seeds)} seeds, test store, with "
        "the last checkpoints unless an arm has weights of its own. Thresholds and "
        "shapes with several candidates were chosen by IoU on the validation store. "
        f"Δ IoU to “{results.reference}”{_how_taken(study)} is the mean over seeds, "
        f"with two 95 % intervals: Student's t over seeds (from {MIN_SEEDS} on), and a "
        f"bootstrap that draws seeds and the {scenes} test scenes together, the same "
        f"draws for both.{_ensembles(study)}{_weights(study)}{at_equal_recall}"
    )
    rows = [arm_row(results, arm.name) for arm in study.arms]
    for row in rows:
        if row["arm"] == results.reference:
            row["_class"] = "total"
    headings = arm_headings(results)
    writer.page.table(rows, headings)
    writer.csv("arms", rows, list(headings))
    by_seed = [row for arm in study.arms for row in seed_rows(results, arm.name)]
    writer.csv("seeds", by_seed, SEED_COLUMNS)
    writer.csv("scenes", scene_rows(results), SCENE_COLUMNS)
    writer.figure(
        "arms",
        draw_arms(results),
        "Dots: seeds; bars: their means. Beside them 95 % intervals, thick from a "
        "bootstrap over seeds and test scenes, thin Student's t over seeds."
        + shown_at_equal_recall,
    )
    writer.figure(
        "curves",
        draw_curves(results),
        "Recall and precision, means over seeds. Up and to the right is better."
        + own_curves,
    )
    writer.page.subheading("Chosen on validation data")
    for row in by_seed:
        arm = study.arm(str(row["arm"]))
        if len(arm.decoders) > 1 or len(arm.filters) > 1:
            writer.page.text(
                f"{row['arm']}, seed {row['seed']}: {row['decision']}", quiet=True
            )


def _add_epochs(writer: ReportWriter, results: Results) -> None:
    window = results.study.stability
    if window is None:
        return
    writer.heading("Steadiness")
    number = len(next(iter(results.stability.values()))[0].epochs)
    writer.page.text(
        f"Test IoU of {number} checkpoints of the last {window.last} epochs, at least "
        f"{window.every} apart, decided as trained. The deviation of an arm is the "
        "standard deviation of these, by seed."
    )
    writer.figure(
        "epochs",
        draw_epochs(results),
        "Lines: means over seeds; bands: from the lowest to the highest seed.",
    )
    writer.csv("epochs", epoch_rows(results), EPOCH_COLUMNS)


def _add_detection(writer: ReportWriter, results: Results) -> None:
    if not results.detections:
        return
    writer.heading("Does the error channel know where stage 1 is wrong?")
    writer.page.text(
        f"Area under precision–recall for finding the test pixels that "
        f"“{results.reference}” gets wrong above 0.5, and the expected "
        "calibration error of the error channel as their probability."
    )
    rows = []
    for arm, detections in results.detections.items():
        row: dict[str, object] = {"arm": arm}
        row["chance"] = mean_and_deviation([d.prevalence for d in detections])
        for name in detections[0].areas:
            row[name] = mean_and_deviation([d.areas[name] for d in detections])
        row["calibration"] = mean_and_deviation(
            [d.calibration_error for d in detections]
        )
        rows.append(row)
    writer.page.table(rows, DETECTION_HEADINGS)
    writer.csv("error_detection", rows, list(DETECTION_HEADINGS))


def _add_trainings(writer: ReportWriter, results: Results) -> None:
    if not results.trainings:
        return
    writer.heading("Trainings")
    writer.page.text(
        "Mean ± standard deviation over seeds, of their own epochs. A training that "
        "goes on from another has had its errors from there."
    )
    writer.page.table(training_rows(results.trainings), {"training": "", **FACTS})
    writer.csv("trainings", training_seed_rows(results.trainings), TRAINING_COLUMNS)


def _add_setting(page: HtmlPage, study: Study) -> None:
    page.heading("What was run")
    lines = [f"seeds {', '.join(map(str, study.seeds))}"]
    for split, path in study.stores.items():
        meta = TileStore(path).meta
        lines.append(
            f"{split}: {path}, {meta['num_tiles']} tiles of {meta['tile_size']} px, "
            f"{meta['positive_share']:.2%} target, fingerprint "
            f"{meta['fingerprint'][:12]}"
        )
    for pattern, options in study.options.items():
        lines += [f"{pattern}: {key} = {value}" for key, value in options.items()]
    page.folded("Stores, seeds and options", "\n".join(lines))


def _how_taken(study: Study) -> str:
    number = len(study.reference)
    return f" (of {number} the best on the validation store)" if number > 1 else ""


def _weights(study: Study) -> str:
    if not any(arm.weights for arm in study.arms):
        return ""
    return (
        " Weights other than the last checkpoint's cost no epochs: batch-norm "
        "statistics one forward pass over the training store, the best on validation "
        "one prediction of that store for each checkpoint."
    )


def _ensembles(study: Study) -> str:
    names = [f"“{arm.name}”" for arm in study.arms if arm.ensemble]
    if not names:
        return ""
    return (
        f" The seeds of {', '.join(names)} share trainings: those intervals are too "
        "narrow."
    )
