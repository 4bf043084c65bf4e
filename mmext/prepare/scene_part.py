"""One scene of many: the same task, whoever runs it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmext.fileio import atomic_path
from mmext.raster.scene_reader import open_scene
from mmext.raster.writing import writing

from .cutting_settings import Cutting
from .labels import VectorLabels
from .part_note import (
    NUMBERS,
    PartNote,
    PartSource,
    finished_part,
    result_sizes,
)
from .scene_tiles import CutTiles
from .scenes import Scene, SceneGrid, describe
from .tile_arrays import tile_arrays


@dataclass(frozen=True)
class Look:
    """What a look at a scene says before it is cut.

    Attributes:
        note: What would be noted of it; of a finished part what is.
        is_finished: Whether its part is.
        least_tiles: So many tiles will be cut, or were; maybe more.
        why_again: Why a part that is there is no use; empty if there is none.
    """

    note: PartNote
    is_finished: bool
    least_tiles: int
    why_again: str = ""


def look(scene: Scene, parts: Path, cutting: Cutting) -> Look:
    """Find out what a scene is like, and whether it is cut already.

    Args:
        scene: The scene.
        parts: Folder of the parts.
        cutting: How it is going to be cut.

    Raises:
        UserError: The scene or its labels can't be read, or it is too large to cut.
    """
    source = PartSource.of(scene, cutting)
    found = finished_part(parts / scene.name, source)
    if isinstance(found, PartNote):
        return Look(found, True, found.tiles)
    facts, remarks = describe(scene.path, cutting)
    note = PartNote(1, source, facts, SceneGrid.of(scene.path, cutting), remarks)
    if not scene.labels.is_raster:  # which would be read twice, and is large
        labels = scene.labels.read()
        assert isinstance(labels, VectorLabels)
        with open_scene(scene.path) as raster, labels.open(raster, cutting.by_pixel):
            note = replace(note, is_near=labels.number_on(raster) > 0)
    return Look(note, False, CutTiles(scene, cutting).at_least, found)


def cut_part(scene: Scene, parts: Path, cutting: Cutting, bar: bool) -> None:
    """Cut a scene, unless it is cut, into its part: a folder that is there when whole.

    Tasks of different scenes know nothing of each other, and one that is run twice
    leaves what it left the first time.

    Args:
        scene: The scene.
        parts: Folder of the parts.
        cutting: How to cut.
        bar: Whether to show how far it is.

    Raises:
        CantWriteError: The disk says no.
        UserError: The scene or its labels can't be read.
    """
    found = look(scene, parts, cutting)
    if found.is_finished:
        return
    facts = found.note.facts
    # Without rows it has columns, too.
    rows = [np.zeros((0, 4 + 4 * len(facts.indexes)))]
    labelled = 0
    tiles = CutTiles(scene, cutting, bar)
    final = parts / scene.name
    with atomic_path(final) as part:
        with writing(final):
            part.mkdir()
        of = (cutting.tile_size, len(facts.indexes), np.dtype(facts.dtype))
        with tile_arrays(part, final, *of) as add:
            for row, column, image, mask in tiles:
                numbers = add(image, mask)
                rows.append(np.array([[row, column, *numbers.as_array()]]))
                labelled += numbers.valid
        with writing(final):
            np.save(part / NUMBERS, np.concatenate(rows))
            # With the state of before: a scene that changed meanwhile is cut again.
            replace(
                found.note,
                label_note=scene.labels.read().note,
                tiles=len(rows) - 1,
                empty=tiles.empty,
                few=tiles.few,
                labelled=labelled,
                target=int(sum(of[:, 2].sum() for of in rows)),
                results=result_sizes(part),
            ).save(part)
