"""The report of an experiment: tables, figures and one page that holds them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from mmengine.config import Config

from mmext.datasets.tile_store import TileStore
from mmext.engine.hooks.error_accumulation_hook import snapshot_name
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.structures import ErrorBank

from . import curves
from .error_tiles import draw_error_tiles
from .experiment import Experiment, group_experiments
from .html_page import HtmlPage
from .precision_recall import draw_curves
from .predictions import TestPredictions, predict_test_store
from .published import CONTRADICTIONS
from .runs import Run, find_runs
from .scene_maps import assemble, draw_finds, draw_scene
from .style import png_bytes, save_figure, styled
from .table2 import COLUMNS, HEADINGS, Row, averaged_epochs, case_rows, published_rows


def write_report(
    paths: Sequence[Path], out: Path, window: int | None = None
) -> list[str]:
    """Write ``report.html``, figures (PNG and SVG) and tables (CSV).

    Args:
        paths: Work directories, or folders that hold some.
        out: Folder for the report.
        window: Last epochs that tables average over; None means all that both
            stages have.

    Returns:
        What was missing or unfinished, a line each.

    Raises:
        UserError: There is nothing to report.
    """
    runs, notes = find_runs(paths)
    out.mkdir(parents=True, exist_ok=True)
    page = HtmlPage("Two-stage error-aware segmentation")
    page.warnings(notes)
    experiments = group_experiments(runs)
    _add_table(page, out, experiments, window)
    with styled():
        for experiment in experiments:
            writer = _FigureWriter(page, out, experiment, many=len(experiments) > 1)
            notes += writer.add_all()
    _add_runs(page, runs)
    with atomic_path(out / "report.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")
    return notes


def _add_table(
    page: HtmlPage, out: Path, experiments: list[Experiment], window: int | None
) -> None:
    rows: list[Row] = [row for e in experiments for row in case_rows(e, window)]
    if not rows:
        return
    page.heading("Cases")
    span = [
        averaged_epochs(e, run, window) for e in experiments for run in e.cases.values()
    ]
    epochs = sorted({epoch for chosen in span for epoch in chosen})
    if epochs:
        page.text(
            "On the test set, averaged over the epochs that both stages have: "
            f"{epochs[0]} to {epochs[-1]}, the same numbers in each. Stage 2 is its "
            "decided mask. Differences are gains: positive Δ IoU and Δ FN/TP are "
            "better, positive Δ FP/TP is worse."
        )
    else:
        page.text("The two stages have no epoch in common, so nothing is averaged.")
    seeds = sorted({row["seed"] for row in rows})
    if len(seeds) == 1:
        page.text(f"One seed ({seeds[0]}): the table shows no spread.")
    known = {row["case"] for row in rows}
    rows += [row for row in published_rows() if row["case"] in known]
    rows.sort(key=lambda row: (str(row["case"]), row["source"] == "paper"))
    page.table(rows, HEADINGS, faint="paper")
    page.text("The paper's figures are of its own data and contradict each other:")
    page.warnings(CONTRADICTIONS)
    write_csv(out / "cases.csv", rows, COLUMNS)


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Write rows as CSV, missing cells empty."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


class _FigureWriter:
    """Draws one experiment's figures into the page and the folder."""

    def __init__(
        self, page: HtmlPage, out: Path, experiment: Experiment, many: bool
    ) -> None:
        self.page = page
        self.experiment = experiment
        self.folder = out / "figures"
        if many:
            self.folder /= Path(experiment.folder).name
            page.heading(experiment.folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def add_all(self) -> list[str]:
        """Draw what the runs allow; return what they don't."""
        e = self.experiment
        if len(e.stage1("train", "target", "iou")[0]):
            self.page.heading("Training")
            self._add("loss_iou", curves.loss_and_iou(e), "Stage 1 (Figure 4).")
            self._add("cfdr", curves.cfdr(e), "Accumulated errors (Figure 5).")
        if e.cases:
            self.page.heading("Stage 1 against stage 2")
            for score, number in (("iou", 7), ("fn_tp", 9), ("fp_tp", 10)):
                figure = curves.stages_compared(e, score)
                self._add(score, figure, f"{curves.LABELS[score]} (Figure {number}).")
            span = self._span()
            caption = f"Stability over {span} epochs (Figure 8; the paper takes 10)."
            self._add("stability", curves.stability(e, span), caption)
        return self._add_pictures()

    def _span(self) -> int:
        # Ten of the paper's epochs, but a deviation needs three values.
        scale = next(iter(self.experiment.runs.values())).record["epoch_scale"]
        return max(3, round(10 * scale))

    def _add(self, name: str, figure: Figure | None, caption: str) -> None:
        if figure is not None:
            save_figure(figure, self.folder / name)
            self.page.figure(png_bytes(figure), caption)

    def _add_pictures(self) -> list[str]:
        notes: list[str] = []

        def attempt(action: Callable[[], None]) -> None:
            try:
                action()
            except UserError as error:
                notes.append(f"left out: {error}")

        attempt(self._add_error_tiles)
        attempt(self._add_maps)
        self.page.warnings(notes)
        return notes

    def _add_error_tiles(self) -> None:
        for case, run in self.experiment.cases.items():
            lineage = run.record["lineage"]
            parent = run.path.with_name(lineage["parent"])
            bank = ErrorBank.load(parent / snapshot_name(lineage["epoch"]))
            store = TileStore(_config_of(run).train_dataloader.dataset.store)
            self.page.heading("Accumulated errors")
            caption = (
                f"Training tiles with most errors, case {case} (Figure 6): false "
                "negatives above, false positives below."
            )
            self._add("error_tiles", draw_error_tiles(bank, store), caption)
            return

    def _add_maps(self) -> None:
        stage1 = self._predict(("stage1_baseline", "stage1_trunk"))
        stage2 = self._predict(
            tuple(f"stage2_{case}" for case in self.experiment.cases)
        )
        if stage1 is None and stage2 is None:
            return
        self.page.heading("The test set")
        figure, _ = draw_curves(stage1, stage2)
        caption = "Does stage 2 beat another threshold of stage 1?"
        self._add("precision_recall", figure, caption)
        store = (stage2 or stage1).store  # type: ignore[union-attr]
        for scene in assemble(store, stage1, stage2)[:4]:
            self._add(f"map_{scene.name}", draw_scene(scene), "Map (Figure 11).")
            caption = (
                "Largest fields that only stage 2 found, and largest false positives "
                "(Figures 12 and 13). Yellow: truth, red: prediction."
            )
            self._add(f"finds_{scene.name}", draw_finds(scene), caption)

    def _predict(self, names: tuple[str, ...]) -> TestPredictions | None:
        for name in names:
            run = self.experiment.runs.get(name)
            if run is not None:
                return predict_test_store(run.path)
        return None


def _config_of(run: Run) -> Config:

    return Config.fromfile(str(run.path / f"{run.name}.py"))


def _add_runs(page: HtmlPage, runs: list[Run]) -> None:
    page.heading("What was run")
    headings = dict(
        config="Config",
        state="State",
        epochs="Epochs",
        seed="Seed",
        minutes="Minutes",
        processes="Processes",
        hardware="Hardware",
        versions="Versions",
        data="Data",
    )
    rows = []
    for run in runs:
        record = run.record
        versions, hardware = record["versions"], record["hardware"]
        rows.append(
            {
                "config": str(run.path),
                "state": record["state"],
                "epochs": f"{run.history[-1]['epoch']} of {record['epochs']}",
                "seed": record["seed"],
                "minutes": f"{record['seconds'] / 60:.1f}",
                "processes": record["processes"],
                "hardware": hardware["gpu"] or f"{hardware['cpu_cores']} CPU cores",
                "versions": f"torch {versions['torch']}, mmext {versions['mmext']}",
                "data": (record["store_fingerprint"] or "")[:12],
            }
        )
    page.table(rows, headings)
