"""A study's tables, figures and page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import mmext
from mmext.datasets.tile_store import TileStore
from mmext.evaluation.bootstrap import Interval, fn_tp, fp_tp, iou, paired_bootstrap
from mmext.fileio import atomic_path
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import styled

from .cost import Cost
from .draw_arms import draw_arms, draw_curves
from .error_detection import ErrorDetection, mean_areas
from .scores import ArmScores, precision_at
from .study_file import Arm, Study

HEADINGS = {
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
DETECTION_HEADINGS = {
    "arm": "Arm",
    "chance": "Chance",
    "error channel": "Error channel",
    "entropy of stage 1": "Entropy of stage 1",
    "entropy of channel 0": "Entropy of channel 0",
    "calibration": "Calibration error",
}


@dataclass(frozen=True)
class Results:
    """All that a study found.

    Attributes:
        study: What was asked.
        scores: Of each arm, a seed each.
        costs: Of each arm.
        detections: Of each arm with an error channel, a seed each.
        warnings: What its trainings warned of, a line each.
    """

    study: Study
    scores: dict[str, list[ArmScores]]
    costs: dict[str, Cost]
    detections: dict[str, list[ErrorDetection]]
    warnings: Sequence[str] = ()

    def matched(self, arm: str) -> list[float]:
        """The reference's precision at the arm's recall, by seed.

        NaN where the reference is not decided pixel by pixel or cannot reach it.
        """
        pairs = zip(self.scores[arm], self.scores[self.study.reference], strict=True)
        return [
            precision_at(other.curve, mine.recall) if other.curve else float("nan")
            for mine, other in pairs
        ]

    def gain(self, arm: str) -> Interval:
        """Δ IoU to the reference, bootstrapped over the test store's scenes."""
        first, second = (
            np.stack([scores.sums for scores in self.scores[name]])
            for name in (self.study.reference, arm)
        )
        return paired_bootstrap(first, second, iou)


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
        _add_arms(writer, results)
        _add_detection(writer, results)
    _add_setting(page, study)
    with atomic_path(out / "study.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")


def _add_arms(writer: ReportWriter, results: Results) -> None:
    study = results.study
    writer.heading("Arms")
    scenes = len(next(iter(results.scores.values()))[0].sums)
    writer.page.text(
        f"Mean ± standard deviation over {len(study.seeds)} seeds, last checkpoints, "
        f"test store. Thresholds and shapes with several candidates were chosen by IoU "
        f"on the validation store. Δ IoU to “{study.reference}” is the mean over "
        f"seeds with a 95 % bootstrap interval over the {scenes} test scenes, the "
        "same draws for both; it says nothing of the chance in training, which the "
        "standard deviation shows. An arm finds more than the reference at equal "
        "alarms if its precision is above the reference's at this recall."
    )
    rows = [_arm_row(results, arm.name) for arm in study.arms]
    for row in rows:
        if row["arm"] == study.reference:
            row["_class"] = "total"
    writer.page.table(rows, HEADINGS)
    writer.csv("arms", rows, list(HEADINGS))
    seed_rows = [row for arm in study.arms for row in _seed_rows(results, arm.name)]
    writer.csv("seeds", seed_rows, SEED_COLUMNS)
    writer.figure(
        "arms",
        draw_arms(results),
        "Dots: seeds; bars: their means. Middle: 95 % bootstrap intervals over test "
        "scenes. Right: what the arm's precision has over the reference's at equal "
        "recall.",
    )
    writer.figure(
        "curves",
        draw_curves(results),
        "Recall and precision, means over seeds; the reference's own curve (all "
        "seeds) for comparison. Up and to the right is better.",
    )
    writer.page.subheading("Chosen on validation data")
    for row in seed_rows:
        if (
            len(_arm(study, str(row["arm"])).decoders) > 1
            or len(_arm(study, str(row["arm"])).filters) > 1
        ):
            writer.page.text(
                f"{row['arm']}, seed {row['seed']}: {row['decision']}", quiet=True
            )


def _add_detection(writer: ReportWriter, results: Results) -> None:
    if not results.detections:
        return
    writer.heading("Does the error channel know where stage 1 is wrong?")
    writer.page.text(
        f"Area under precision–recall for finding the test pixels that "
        f"“{results.study.reference}” gets wrong above 0.5, and the expected "
        "calibration error of the error channel as their probability."
    )
    rows = []
    for arm, detections in results.detections.items():
        row: dict[str, object] = {"arm": arm}
        row["chance"] = _spread([d.prevalence for d in detections])
        for name, (mean, deviation) in mean_areas(detections).items():
            row[name] = f"{mean:.3f} ± {deviation:.3f}"
        row["calibration"] = _spread([d.calibration_error for d in detections])
        rows.append(row)
    writer.page.table(rows, DETECTION_HEADINGS)
    writer.csv("error_detection", rows, list(DETECTION_HEADINGS))


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


def _arm_row(results: Results, arm: str) -> dict[str, object]:
    scores = results.scores[arm]
    areas = [s.curve.area for s in scores if s.curve is not None]
    row: dict[str, object] = {"arm": arm, "epochs": results.costs[arm].epochs}
    row |= {
        "iou": _spread(_values(scores, iou)),
        "recall": _spread([s.recall for s in scores]),
        "precision": _spread([s.precision for s in scores]),
        "fn_tp": _spread(_values(scores, fn_tp)),
        "fp_tp": _spread(_values(scores, fp_tp)),
        "matched": _spread(results.matched(arm)),
        "area": _spread(areas),
    }
    if arm != results.study.reference:
        gain = results.gain(arm)
        text = f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        row["gain"] = text.replace("-", "−")
    return row


def _seed_rows(results: Results, arm: str) -> list[dict[str, object]]:
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


def _spread(values: Sequence[float]) -> str:
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return "–"
    if len(known) == 1:
        return f"{known[0]:.3f}"
    return f"{known.mean():.3f} ± {known.std(ddof=1):.3f}"


def _digits(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""


def _arm(study: Study, name: str) -> Arm:
    return next(arm for arm in study.arms if arm.name == name)
