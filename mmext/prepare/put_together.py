"""One tile store of the parts that scenes were cut into."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import rasterio
from rasterio.windows import Window
from tqdm import tqdm

from mmext.datasets.tile_rows import TileNumbers, TileRows
from mmext.errors import UserError
from mmext.fileio import open_array
from mmext.fileio.new_array import new_array
from mmext.location import Location
from mmext.raster.outlines import ROWS_DOWN, window_outline

from .cutting_settings import Cutting
from .part_note import IMAGES, MASKS, NUMBERS, PartNote, read_part
from .remarks import Remarks
from .scenes import Scene, SceneFacts, refuse_difference
from .store_description import describe_store
from .store_files import (
    cant_write,
    finish_store,
    refuse_small_disk,
)

#: Bytes that are copied at once.
_CHUNK = 1 << 24


def put_together(
    scenes: Sequence[Scene], parts: Path, folder: Path, cutting: Cutting
) -> dict[str, Any]:
    """Write a store of the parts of its scenes, in the scenes' order.

    Args:
        scenes: All of them cut.
        parts: Folder of the parts.
        folder: Gets the store's files.
        cutting: How the scenes were cut.

    Returns:
        The content of ``store.json``.

    Raises:
        UserError: A scene does not fit the others, there is nothing in them, no label
            lies on them, or the disk has no room.
    """
    first = read_part(parts / scenes[0].name)
    found = _Found(first.facts)
    for scene in scenes:
        found.add(scene, read_part(parts / scene.name))
    if found.tiles == 0:
        raise UserError(_nothing_to_cut(scenes[0], cutting, found))
    for path, labelled in found.labelled.items():
        if labelled == 0:
            raise UserError(f"{path}: labels no pixel of its scenes")
    rows = _gather(scenes, parts, folder, found, cutting)
    description = describe_store(found.first, cutting, found.pixel_sizes, found.records)
    meta = finish_store(folder, rows, description, found.first.crs)
    _say(found, cutting)
    return meta


@dataclass
class _Found:
    """What the parts' notes say, together.

    Attributes:
        first: What the first scene is like.
        tiles: How many tiles there are.
        left_out: How many are not, ``empty`` and ``few``.
        pixel_sizes: Metres on the ground, of each scene.
        records: What ``store.json`` says of the scenes.
        labelled: Labelled pixels of each label file's scenes.
        remarks: What a user should know.
    """

    first: SceneFacts
    tiles: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    pixel_sizes: list[float | None] = field(default_factory=list)
    records: dict[str, Any] = field(default_factory=dict)
    labelled: Counter[Location] = field(default_factory=Counter)
    remarks: Remarks = field(default_factory=Remarks)

    def add(self, scene: Scene, note: PartNote) -> None:
        """Take what is noted of a scene.

        Raises:
            UserError: It doesn't fit the first.
        """
        refuse_difference(scene.path, note.facts, self.first)
        self.tiles += note.tiles
        self.pixel_sizes.append(note.facts.pixel_size_m)
        self.left_out.update(empty=note.empty, few=note.few)
        # As the user calls it, wherever it was cut.
        self.records[scene.name] = {"path": str(scene.path), **vars(note.grid)}
        self.labelled[scene.labels.path] += note.labelled
        if note.label_note:
            self.remarks.add(scene.labels.path, note.label_note)
        for remark in note.remarks:
            self.remarks.add(scene.path, remark)
        if note.target == 0:
            self.remarks.add(scene.path, "no target in it, by its labels")


def _gather(
    scenes: Sequence[Scene],
    parts: Path,
    folder: Path,
    found: _Found,
    cutting: Cutting,
) -> TileRows:
    """Write the arrays of all parts as one each; the rows of their tiles."""
    facts, size = found.first, cutting.tile_size
    shape, dtype = (size, size), np.dtype(facts.dtype)
    arrays: dict[str, tuple[tuple[int, ...], np.dtype]] = {
        IMAGES: ((*shape, len(facts.indexes)), dtype),
        MASKS: (shape, np.dtype(np.uint8)),
    }
    rows = TileRows(size, len(facts.indexes))
    progress = tqdm(
        scenes, desc="Putting together", unit="scene", disable=len(scenes) == 1
    )
    try:
        if len(scenes) == 1 and _link(parts / scenes[0].name, folder):
            files: dict[str, BinaryIO] = {}
        else:
            tile_bytes = size**2 * (len(facts.indexes) * dtype.itemsize + 1)
            refuse_small_disk(folder, found.tiles, found.tiles * tile_bytes)
            files = {
                name: new_array(folder / name, (found.tiles, *of), kind)
                for name, (of, kind) in arrays.items()
            }
        for scene in progress:
            part, before = parts / scene.name, len(rows)
            _add_rows(rows, scene, part, facts, found.records[scene.name])
            for name, (of, kind) in arrays.items():
                array = open_array(part / name, (len(rows) - before, *of), kind)
                if name in files:
                    with (part / name).open("rb") as source:
                        source.seek(-array.nbytes, os.SEEK_END)
                        shutil.copyfileobj(source, files[name], _CHUNK)
        for file in files.values():
            file.close()
    except OSError as error:
        raise cant_write(folder, error) from None
    return rows


def _link(part: Path, folder: Path) -> bool:
    """Take a part's arrays as they are, which not every disk can do."""
    try:
        for name in (IMAGES, MASKS):
            os.link(part / name, folder / name)
    except OSError:
        for name in (IMAGES, MASKS):
            (folder / name).unlink(missing_ok=True)
        return False
    return True


def _add_rows(
    rows: TileRows, scene: Scene, part: Path, facts: SceneFacts, record: dict[str, Any]
) -> None:
    transform = ROWS_DOWN
    if facts.crs is not None:
        transform = rasterio.Affine(*record["transform"])
    for row, column, *numbers in np.asarray(open_array(part / NUMBERS)):
        place = int(row), int(column)
        tile = Window(place[1], place[0], rows.tile_size, rows.tile_size)
        rows.add(
            TileNumbers.from_array(np.array(numbers)),
            scene.name,
            *place,
            window_outline(tile, transform),
        )


def _nothing_to_cut(scene: Scene, cutting: Cutting, found: _Found) -> str:
    if found.left_out["few"]:
        return (
            f"--min-valid: is {cutting.min_valid:g}, and none of "
            f"{found.left_out['few']} tiles with valid pixels has that share; a tile "
            f"is {cutting.tile_size} pixels a side"
        )
    return (
        f"{scene.path}: no tile has valid pixels; if the file's no-data value "
        f"({found.first.nodata}) is wrong, give --nodata"
    )


def _say(found: _Found, cutting: Cutting) -> None:
    if cutting.step > cutting.tile_size:
        print(
            f"stride {cutting.step} with tiles of {cutting.tile_size} pixels: "
            f"{cutting.step - cutting.tile_size} pixels between tiles are not cut"
        )
    for line in found.remarks.lines():
        print(line)
    if found.left_out["empty"]:
        print(f"{found.left_out['empty']} tiles left out: no valid pixel")
    if found.left_out["few"]:
        print(
            f"{found.left_out['few']} tiles left out: fewer than "
            f"{cutting.min_valid:.0%} of their pixels valid (--min-valid)"
        )
