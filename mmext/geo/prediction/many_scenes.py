"""Mapping a pile of sheets: shared out, resumable, and put together at the end."""

import datetime
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import geopandas
import rasterio
import torch

from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.geo.prediction_settings import PredictionSettings

from .field_table import clean_fields
from .merge import merge_sheets
from .polygon_file import LAYER, PolygonFile
from .predict_scene import predict_scene, result_paths
from .predictor import Predictor
from .vrt import write_vrt

MERGED = "map"


def predict_scenes(
    predictor: Predictor,
    scenes: Sequence[Path],
    out: Path,
    settings: PredictionSettings,
) -> list[str]:
    """Map scenes, skipping those that are finished.

    A scene is finished if its results lie in ``out`` with a note of the same model,
    settings and input file; with others it is mapped anew. Under ``torchrun``
    process r of R takes scenes r, r + R, …. What can't be mapped does not stop the
    rest. In the end the first process writes ``map_class.vrt``,
    ``map_probability.vrt`` and ``map.gpkg`` over all of several sheets. A field that
    reaches the edge of its sheet is filtered and simplified there, when it is whole.

    Args:
        predictor: The network.
        scenes: The rasters, of different names.
        out: Folder for the results.
        settings: How.

    Returns:
        A line for each scene that could not be mapped, and for what could not be put
        together; the same in every process.

    Raises:
        UserError: Two scenes have one name.
    """
    names = [scene.stem for scene in scenes]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"scenes: two are called {name}, expected one each")
    if len(scenes) > 1:
        settings = replace(settings, spare_cut=True)
    rank, world_size = _join()
    failures = []
    for scene in scenes[rank::world_size]:
        note = _note(predictor, scene, settings)
        if _is_finished(scene, out, note):
            print(f"{scene}: mapped already")
            continue
        try:
            result = predict_scene(predictor, scene, out, settings)
        except UserError as error:
            failures.append(str(error))
            continue
        with atomic_path(_note_path(scene, out)) as temporary:
            temporary.write_text(json.dumps(note, indent=2) + "\n")
        print(f"{result.classes}, {result.polygons}: {result.objects} fields")
    failures = _gather(failures, world_size)
    if rank == 0 and len(scenes) > 1:
        failures += _put_together(scenes, out, settings)
    return failures


def _note_path(scene: Path, out: Path) -> Path:
    return out / f"{scene.stem}.json"


def _note(
    predictor: Predictor, scene: Path, settings: PredictionSettings
) -> dict[str, Any]:
    state = scene.stat()
    return {
        "scene": str(scene.resolve()),
        "bytes": state.st_size,
        "changed": state.st_mtime,
        "model": predictor.path.name,
        "precision": predictor.precision,
        "sha256": predictor.sha256,
        "settings": asdict(settings),
    }


def _is_finished(scene: Path, out: Path, note: dict[str, Any]) -> bool:
    path = _note_path(scene, out)
    if not all(p.is_file() for p in (path, *result_paths(scene, out))):
        return False
    return json.loads(path.read_text()) == note


def _put_together(
    scenes: Sequence[Path], out: Path, settings: PredictionSettings
) -> list[str]:
    done = [scene for scene in scenes if _note_path(scene, out).is_file()]
    if not done:
        return []
    problems = []
    for kind, index in (("probability", 0), ("class", 1)):
        try:
            rasters = [result_paths(scene, out)[index] for scene in done]
            write_vrt(rasters, out / f"{MERGED}_{kind}.vrt")
        except UserError as error:
            problems.append(str(error))
    try:
        tables = [
            geopandas.read_file(result_paths(scene, out)[2], layer=LAYER)
            for scene in done
        ]
        fields = merge_sheets(tables)
        with rasterio.open(result_paths(done[0], out)[1]) as raster:
            pixel = abs(raster.transform.a)
        whole = ~fields["cut"].to_numpy(bool)
        fields = clean_fields(fields, settings, pixel, whole)
        merged = PolygonFile(out / f"{MERGED}.gpkg")
        merged.add(fields.drop(columns="cut"))
        merged.save()
    except UserError as error:
        problems.append(str(error))
    return problems


def _join() -> tuple[int, int]:
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size > 1:
        # Sheets take as long as they take: the first process waits for the last.
        torch.distributed.init_process_group(
            "gloo", timeout=datetime.timedelta(days=30)
        )
    return int(os.environ.get("RANK", "0")), world_size


def _gather(failures: list[str], world_size: int) -> list[str]:
    if world_size == 1:
        return failures
    everybodys: list[list[str]] = [[] for _ in range(world_size)]
    torch.distributed.all_gather_object(everybodys, failures)
    torch.distributed.destroy_process_group()
    return [line for part in everybodys for line in part]
