"""Cutting scenes and their labels into a tile store."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.location import Location
from mmext.raster.scene_reader import NodataRule, open_scene

from .cutting_settings import Cutting
from .labels import VectorLabels
from .scene_tiles import cut_scene, tile_places
from .scenes import (
    Notes,
    Scene,
    SceneFacts,
    common_pixel_size,
    describe,
    refuse_difference,
    scene_record,
)


def cut_scenes(
    scenes: Sequence[Scene],
    out: str | os.PathLike[str],
    cutting: Cutting,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a tile store.

    Tiles start at a scene's upper left corner and cover all of it; what reaches
    beyond its edge, and what is no-data, is 255 in the mask and 0 in the image. Of
    a scene only a strip of one tile's height is in memory.

    Args:
        scenes: The scenes. All must agree in bands, data type, CRS and pixel size.
        out: The store's folder.
        cutting: How to cut.
        overwrite: Replace a store that is there. Nothing else is ever replaced.

    Returns:
        The content of ``store.json``.

    Raises:
        UserError: A scene can't be read or does not fit the others, or ``out`` is
            there already.
    """
    out = Path(out)
    refuse_to_replace(out, overwrite)
    notes = Notes()
    left_out = {"empty": 0, "few": 0}
    with atomic_path(out, alone=True) as folder:
        meta = _write_store(scenes, folder, out, cutting, notes, left_out)
        refuse_to_replace(out, overwrite)
    if cutting.step > cutting.tile_size:
        print(
            f"stride {cutting.step} with tiles of {cutting.tile_size} pixels: "
            f"{cutting.step - cutting.tile_size} pixels between tiles are not cut"
        )
    for line in notes.lines():
        print(line)
    if left_out["empty"]:
        print(f"{left_out['empty']} tiles left out: no valid pixel")
    if left_out["few"]:
        print(
            f"{left_out['few']} tiles left out: fewer than {cutting.min_valid:.0%} of "
            "their pixels valid (--min-valid)"
        )
    return meta


def _write_store(
    scenes: Sequence[Scene],
    folder: Path,
    out: Path,
    cutting: Cutting,
    notes: Notes,
    left_out: dict[str, int],
) -> dict[str, Any]:
    facts = [describe(scene, cutting, notes) for scene in scenes]
    first = facts[0]
    for scene, found in zip(scenes[1:], facts[1:], strict=True):
        refuse_difference(scene.path, found, first)
    places = {scene.name: tile_places(scene, cutting, left_out) for scene in scenes}
    number = sum(map(len, places.values()))
    if number == 0:
        raise UserError(_nothing_to_cut(scenes[0], first, cutting, left_out))
    _refuse_stray_labels(scenes)
    writer = TileStoreWriter(
        folder, number, cutting.tile_size, len(first.indexes), np.dtype(first.dtype)
    )
    labelled: dict[Location, int] = {}
    with tqdm(total=number, unit="tile", desc=f"Cutting {out.name}") as progress:
        for scene in scenes:
            known, target = cut_scene(
                scene, places[scene.name], cutting, writer, progress
            )
            path = scene.labels.path
            labelled[path] = labelled.get(path, 0) + known
            if target == 0:
                notes.add(scene.path, "no target in it, by its labels")
    for path, known in labelled.items():
        if known == 0:
            raise UserError(f"{path}: labels no pixel of its scenes")
    return writer.finish(
        {
            "stride": cutting.step,
            "bands": list(first.names),
            "band_indexes": list(first.indexes),
            "colours": list(first.colours),
            "scales": first.scales,
            "nodata": first.nodata,
            "nodata_rule": _rule(cutting.nodata),
            "pixel_size": first.pixel_size,
            "pixel_size_m": common_pixel_size(facts),
            "scenes": {scene.name: scene_record(scene, cutting) for scene in scenes},
        },
        first.crs,
    )


def _rule(nodata: NodataRule) -> NodataRule:
    # Whatever is not a number is invalid anyway, and JSON has no NaN.
    return None if isinstance(nodata, float) and np.isnan(nodata) else nodata


def _nothing_to_cut(
    scene: Scene, source: SceneFacts, cutting: Cutting, left_out: dict[str, int]
) -> str:
    if left_out["few"]:
        return (
            f"--min-valid: is {cutting.min_valid:g}, and none of {left_out['few']} "
            f"tiles with valid pixels has that share; a tile is {cutting.tile_size} "
            "pixels a side"
        )
    return (
        f"{scene.path}: no tile has valid pixels; if the file's no-data value "
        f"({source.nodata}) is wrong, give --nodata"
    )


def _refuse_stray_labels(scenes: Sequence[Scene]) -> None:
    """Refuse polygons that lie on none of the scenes that they are for."""
    touched: dict[Location, bool] = {}
    for scene in scenes:
        if isinstance(scene.labels, VectorLabels):
            with open_scene(scene.path) as raster:
                near = scene.labels.number_on(raster) > 0
            path = scene.labels.path
            touched[path] = touched.get(path, False) or near
    for path, near in touched.items():
        if not near:
            names = [scene.path for scene in scenes if scene.labels.path == path]
            more = f" or {len(names) - 1} more" if len(names) > 1 else ""
            raise UserError(
                f"{path}: none of its polygons lies on {names[0]}{more}; is its "
                "coordinate system the right one?"
            )


def store_line(out: Path, meta: Mapping[str, Any]) -> str:
    """What a new store holds, in a line."""
    return (
        f"{out}: {meta['num_tiles']} tiles, {meta['positive_tiles']} positive "
        f"(more than 0.1 % target), {meta['positive_share']:.2%} of the valid pixels "
        "are target"
    )


def refuse_to_replace(out: Path, overwrite: bool) -> None:
    """Refuse a store's place that holds something else, or a store to be kept."""
    if not out.exists():
        return
    if not (out / "store.json").is_file():
        raise UserError(
            f"{out}: exists and is no tile store (no store.json), expected a new folder"
        )
    if not overwrite:
        raise UserError(f"{out}: exists already; --overwrite replaces it")
