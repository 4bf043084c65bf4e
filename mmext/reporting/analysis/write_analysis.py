"""The page of ``mmext analyze``."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import mmext
from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.fileio import atomic_path
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.predictions import (
    TestPredictions,
    predict_store,
    predict_test_store,
)
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import Run, find_runs
from mmext.reporting.style import styled

from .confusion_by_class import (
    DECISIONS,
    TRUTHS,
    TileConfusion,
    confuse,
    draw_confusion,
)
from .learning_curves import collect_series, draw_curves
from .worst_tiles import draw_tiles, rank_tiles

#: What curves show unless keys are stated.
DEFAULT_KEYS = ("loss.mean", "train.iou", "test.iou")
# Runs beside each other on a picture; of more one would see nothing.
_DRAWN_RUNS = 6
_Answers = dict[str, TestPredictions]


def write_analysis(
    paths: Sequence[Path],
    out: Path,
    keys: Sequence[str] | None = None,
    store: Path | None = None,
    worst: int = 12,
) -> list[str]:
    """Write ``analysis.html``, ``figures/`` and tables about any trainings.

    ``curves.csv`` has what was logged, a row for each run and epoch; ``confusion.csv``
    pixels by label and decision; ``tiles.csv`` the pixel counts of every tile and run,
    the worst tile first.

    Args:
        paths: Work directories, or folders that hold some.
        out: Folder for all of it.
        keys: What curves show, see
            :func:`~mmext.reporting.analysis.learning_curves.series_of`; by default
            those of ``DEFAULT_KEYS`` that there are.
        store: The tile store that each run's newest checkpoint answers; by default the
            run's own test store, whose answers stay in the work directory.
        worst: How many of the worst tiles are drawn.

    Returns:
        What was missing, unfinished or left out, a line each.

    Raises:
        UserError: There is no run, or none has one of the keys.
    """
    found, notes = find_runs(paths)
    runs = _named(found)
    series, missing = collect_series(runs, keys, DEFAULT_KEYS)
    notes += missing
    out.mkdir(parents=True, exist_ok=True)
    page = HtmlPage(
        "Trainings side by side",
        f"{len(runs)} trainings, analysed by mmext {mmext.__version__}",
    )
    page.warnings(notes)
    writer = ReportWriter(page, out)
    with styled():
        _add_curves(writer, runs, series)
        answered = _answer(writer, runs, store, out / "predictions")
        compared = [_add_set(writer, answers, worst) for answers in answered]
        if compared:
            pixels, by_tile = (
                pd.concat(tables) for tables in zip(*compared, strict=True)
            )
            writer.csv("confusion", pixels.to_dict("records"), list(pixels))
            writer.csv("tiles", by_tile.to_dict("records"), list(by_tile))
    with atomic_path(out / "analysis.html") as temporary:
        temporary.write_text(page.render(), encoding="utf-8")
    return [*notes, *writer.notes]


def _named(runs: Sequence[Run]) -> dict[str, Run]:
    """Runs by the part of their paths in which they differ."""
    folders = [run.path.resolve() for run in runs]
    shared = Path(os.path.commonpath([folder.parent for folder in folders]))
    return {
        str(folder.relative_to(shared)): run
        for folder, run in zip(folders, runs, strict=True)
    }


def _add_curves(
    writer: ReportWriter,
    runs: Mapping[str, Run],
    series: Mapping[str, Mapping[str, np.ndarray]],
) -> None:
    writer.heading("Learning curves")
    caption = "By epoch; test is the set that the epochs were scored on."
    writer.figure("curves", draw_curves(runs, series), caption)
    rows = [
        {"run": name, "epoch": int(epoch)}
        | {key: lines[name][i] for key, lines in series.items() if name in lines}
        for name, run in runs.items()
        for i, epoch in enumerate(run.epochs())
    ]
    writer.csv("curves", rows, ["run", "epoch", *series])


def _answer(
    writer: ReportWriter, runs: Mapping[str, Run], store: Path | None, elsewhere: Path
) -> list[_Answers]:
    """What each run says of its tiles, together for runs that answer the same ones."""
    sets: dict[str, _Answers] = {}
    for name, run in runs.items():
        with writer.attempt():
            if store is None:
                answers = predict_test_store(run, elsewhere)
            else:
                tiles = open_store(str(store))
                answers = predict_store(run, tiles, elsewhere / name)
            sets.setdefault(answers.store.fingerprint, {})[name] = answers
    return list(sets.values())


def _add_set(
    writer: ReportWriter, answers: _Answers, worst: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add what runs made of the same tiles; returns pixels by label and by tile."""
    store = next(iter(answers.values())).store
    confusions = {name: confuse(one.dump, store) for name, one in answers.items()}
    pixels = _add_confusion(writer, store, answers, confusions)
    ranked = rank_tiles(store, confusions)
    _add_worst_tiles(writer, store, answers, ranked[ranked["rank"] <= worst])
    for table in (pixels, ranked):
        table.insert(0, "store", str(store.path))
    return pixels, ranked


def _add_confusion(
    writer: ReportWriter,
    store: TileStore,
    answers: _Answers,
    confusions: Mapping[str, TileConfusion],
) -> pd.DataFrame:
    writer.heading(f"Pixels of {store.path}")
    rows = []
    for number, (name, one) in enumerate(answers.items()):
        rule = one.decision or "as trained"
        writer.page.text(f"{name}: epoch {one.epoch}, decided {rule}.", quiet=True)
        counts = confusions[name].whole()
        if number < _DRAWN_RUNS:
            caption = f"{name}: what each label was decided to be."
            file = f"confusion_{name.replace(os.sep, '_')}"
            writer.figure(file, draw_confusion(counts, name), caption)
        for truth, row in zip(TRUTHS, counts.tolist(), strict=True):
            decided = dict(zip(DECISIONS.values(), row, strict=True))
            rows.append({"run": name, "label": truth, **decided})
    return pd.DataFrame(rows)


def _add_worst_tiles(
    writer: ReportWriter, store: TileStore, answers: _Answers, worst: pd.DataFrame
) -> None:
    writer.heading(f"Worst tiles of {store.path}")
    if len(answers) > _DRAWN_RUNS:
        writer.page.text(
            f"Drawn are the first {_DRAWN_RUNS} of {len(answers)} trainings; the "
            "tables are of all.",
            quiet=True,
        )
    wrong = (worst.fp + worst.fn).groupby(worst["rank"]).transform("sum")
    if not wrong.any():
        writer.page.text("No pixel is wrong.")
        return
    dumps = {name: one.dump for name, one in list(answers.items())[:_DRAWN_RUNS]}
    writer.figure(
        f"worst_tiles_{store.path.name}_{store.fingerprint[:6]}",
        draw_tiles(store, dumps, worst[wrong > 0]),
        "By the wrong pixels of all trainings together. White: right; orange: FN; "
        "pink: FP; grey: without a label. Below a tile's number its scene, row and "
        "column.",
        vector=False,
    )
