"""How right the sheets of a large map are, one by one and together."""

import contextlib
import functools
import json
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd

from mmext.checked import Finite, Index, read_json, settings
from mmext.engine.tasks import successes, task_runner
from mmext.errors import UserError, the_first_of
from mmext.evaluation.confusion import Confusion
from mmext.evaluation.objects import ObjectCounts
from mmext.fileio import atomic_path, locked
from mmext.fileio.file_note import MAY_HAVE_CHANGED, FileNote
from mmext.fileio.leftovers import sweep
from mmext.location import Location, absolute
from mmext.prepare.labels import LabelSource, VectorLabels
from mmext.prepare.scene_list import scene_names

from .area import VECTOR_SUFFIXES, read_area
from .class_raster import CHANNELS, NothingValidError, evaluate_raster
from .evaluating import refuse_cover
from .result import MapCounts

_NOTE = "evaluation.json"
#: Of a sheet without a valid pixel.
_NOTHING = MapCounts(dict.fromkeys(CHANNELS, Confusion()), ObjectCounts(), 0.0, 0.0)


@dataclass(frozen=True)
class Question:
    """What maps are compared with, and how.

    Attributes:
        truth: The true objects.
        min_cover: Share of an object that must be covered for it to be found.
        area: Polygons of what to evaluate, or a raster; None means all.
    """

    truth: LabelSource
    min_cover: float
    area: Location | None = None

    def notes(self) -> dict[str, list[FileNote]]:
        """By what the files that are asked are known again."""
        area = [] if self.area is None else [FileNote.of(self.area)]
        return {"truth": self.truth.notes(), "area": area}

    def for_all(self) -> "Question":
        """The same by paths that don't depend on where a process was started."""
        area = None if self.area is None else absolute(self.area)
        return replace(self, truth=self.truth.for_all(), area=area)


@settings
class SheetNote:
    """What was found in a sheet, and of what.

    Attributes:
        sheet: The map.
        asked: The files that it was compared with.
        settings: How, as JSON texts by name.
        pixels: Counts by channel.
        objects: Counts of objects.
        true_area: m² of the true objects.
        mapped_area: m² of the map's objects.
    """

    sheet: FileNote
    asked: dict[str, list[FileNote]]
    settings: dict[str, str]
    pixels: dict[str, dict[str, Index]]
    objects: dict[str, Index]
    true_area: Finite
    mapped_area: Finite

    @property
    def counts(self) -> MapCounts:
        """The counts, which add up."""
        return MapCounts(
            {name: Confusion(**of) for name, of in self.pixels.items()},
            ObjectCounts(**self.objects),
            self.true_area,
            self.mapped_area,
        )


def evaluate_maps(
    maps: Sequence[Location],
    question: Question,
    out: Path,
    jobs: int = 1,
    cluster: str | None = None,
) -> MapCounts:
    """Evaluate sheets that are rasters of classes, and add up what is found.

    Each has a folder in ``out / "sheets"``, which is there when it is whole, and isn't
    made again while the same files are asked in the same way. Pixels are those of all
    sheets; an object that reaches into several counts in each.

    Args:
        maps: Rasters of classes, of different names.
        question: What they are compared with.
        out: Folder for the results.
        jobs: Processes that evaluate.
        cluster: Workers of a cluster instead, see
            :func:`~mmext.engine.cluster.open_cluster`.

    Raises:
        UserError: A sheet can't be evaluated, after all others were; or another
            process writes into ``out``.
    """
    names = scene_names(maps, "MAP")
    for path in maps:
        if path.suffix.lower() in VECTOR_SUFFIXES:
            raise UserError(
                f"{path}: one of several maps, and polygons don't say where a sheet "
                "ends; expected rasters of classes, or the objects of all in one file"
            )
    refuse_cover(question.min_cover)
    truth = question.truth.read()
    if not isinstance(truth, VectorLabels):
        raise UserError(f"{truth.path}: is a raster, expected polygons")
    if truth.note:
        print(f"{truth.path}: {truth.note}")
    sheets = out / "sheets"
    failures: list[str] = []
    with locked(out), task_runner(jobs, cluster) as run:
        sheets.mkdir(exist_ok=True)
        sweep(sheets)
        here = cluster is None
        tasks = run(
            _evaluate_sheet,
            maps if here else [absolute(path) for path in maps],
            question if here else question.for_all(),
            sheets.resolve(),
        )
        done = 0
        for _, already in successes(tasks, failures, len(maps), "sheet", out.name):
            done += already
        sweep(sheets)
        if done:
            print(f"{done} of {len(maps)} sheets evaluated already")
        if failures:
            raise UserError(
                f"{len(failures)} of {len(maps)} maps can't be evaluated: "
                f"{the_first_of(failures)}; a second call goes on from the others"
            )
        counts = [read_json(sheets / name / _NOTE, SheetNote).counts for name in names]
        empty = sum(of.pixels == _NOTHING.pixels for of in counts)
        if empty == len(counts):
            raise UserError(f"{maps[0]}: no valid pixel in it or any other sheet")
        if empty:
            print(f"{empty} sheets have no valid pixel and count as nothing")
        _write_table(names, counts, out / "sheets.csv")
        total = functools.reduce(operator.add, counts)
        total.write_scores(out)
    return total


def _evaluate_sheet(path: Location, question: Question, sheets: Path) -> bool:
    """Evaluate a sheet, unless that is done; whether it was."""
    note: dict[str, Any] = {
        "sheet": FileNote.of(path),
        "asked": question.notes(),
        "settings": _settings(question),
    }
    why = _why_again(sheets / path.stem, note)
    if why is None:
        return True
    if why:
        print(f"{path}: evaluated again, {why}")
    truth = question.truth.read()
    assert isinstance(truth, VectorLabels)
    area = None
    if question.area is not None:
        area = _area(question.area, tuple(note["asked"]["area"]))
    result = _NOTHING
    with atomic_path(sheets / path.stem) as folder:
        folder.mkdir()
        with contextlib.suppress(NothingValidError):
            found = evaluate_raster(path, truth, area, question.min_cover, bar=False)
            found.write(folder)
            result = found
        whole = SheetNote(
            **note,
            pixels={name: vars(of) for name, of in result.pixels.items()},
            objects=vars(result.objects),
            true_area=result.true_area,
            mapped_area=result.mapped_area,
        )
        (folder / _NOTE).write_text(json.dumps(asdict(whole)) + "\n")
    return False


# One: that of all sheets.
@functools.lru_cache(maxsize=1)
def _area(path: Location, notes: tuple[FileNote, ...]) -> geopandas.GeoSeries:
    return read_area(path)


def _settings(question: Question) -> dict[str, str]:
    options = {"min_cover": question.min_cover, **question.truth.options()}
    return {name: json.dumps(value) for name, value in options.items()}


def _why_again(folder: Path, now: dict[str, Any]) -> str | None:
    """Why a sheet must be evaluated: empty if it never was, None if it need not be."""
    if not folder.exists():
        return ""
    try:
        then = read_json(folder / _NOTE, SheetNote)
    except UserError as error:
        return f"its note is no use ({error})"
    if then.sheet != now["sheet"]:
        return "it is another file than then"
    if then.asked != now["asked"]:
        return "it is compared with other files than then"
    if then.settings != now["settings"]:
        return "other settings"
    notes = [then.sheet, *(note for of in then.asked.values() for note in of)]
    return None if all(note.is_certain for note in notes) else MAY_HAVE_CHANGED


def _write_table(names: Sequence[str], counts: Sequence[MapCounts], path: Path) -> None:
    """A row for each sheet: pixels of the union, objects and areas."""
    rows = [
        {"sheet": name, **of.pixels["union"].as_dict(), **of.object_scores()}
        for name, of in zip(names, counts, strict=True)
    ]
    with atomic_path(path) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False)
