"""Mapping a pile of sheets: shared out, resumable, and put together at the end."""

import datetime
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from mmext.engine.processes import locked_for_all
from mmext.errors import UserError
from mmext.fileio.leftovers import sweep
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.raster.writing import CantWriteError

from .object_table import describe_left_out
from .predict_scene import check_settings, predict_scene, result_paths
from .put_together import MERGED, put_together
from .scene_note import SceneNote, note_path, why_not_finished


def predict_scenes(
    predictor: Predictor,
    scenes: Sequence[Path],
    out: Path,
    settings: PredictionSettings,
) -> list[str]:
    """Map scenes, skipping those that are finished.

    A scene is finished if its results lie in ``out``, of the size that was noted, with
    a note of the same model, settings and input file; otherwise it is mapped anew.
    Under ``torchrun`` process r of R takes scenes r, r + R, …. What can't be mapped
    does not stop the rest, but a disk that can't be written to does. In the end the
    first process puts several sheets together. An object that reaches the edge of its
    sheet is filtered and simplified there, when it is whole.

    Args:
        predictor: The network.
        scenes: The rasters, of different names.
        out: Folder for the results.
        settings: How.

    Returns:
        A line for each scene that could not be mapped, and for what could not be put
        together; the same in every process.

    Raises:
        UserError: No scene can be mapped so, a name is no use, or ``out`` can't be
            written to, or another process maps into it.
    """
    margin = check_settings(predictor, settings)
    _check_names(scenes, out)
    if len(scenes) > 1:
        settings = replace(settings, spare_cut=True)
    rank, world_size = _join()
    if rank == 0 and predictor.reach is not None and margin < predictor.reach:
        print(
            f"--overlap: is {margin}, the network looks {predictor.reach} pixels far; "
            "beside the seams of windows probabilities are not those of one pass"
        )
    grow = predictor.decoder.grow
    if rank == 0 and grow and len(scenes) > 1:
        print(
            f"decoder.grow: what is decided grows by {grow} pixels within each sheet, "
            "not from one into the next; a VRT of them, mapped as one scene, has no "
            "such edges"
        )
    with locked_for_all(out):
        sweep(out)
        failures = []
        for scene in scenes[rank::world_size]:
            try:
                _map(predictor, scene, out, settings)
            except CantWriteError:
                raise
            except UserError as error:
                failures.append(str(error))
        failures = _gather(failures, world_size)
        if rank == 0 and len(scenes) > 1:
            done = [scene for scene in scenes if note_path(scene, out).is_file()]
            failures += put_together(done, out, predictor, settings)
        return failures


def _map(
    predictor: Predictor, scene: Path, out: Path, settings: PredictionSettings
) -> None:
    note = note_path(scene, out)
    if not scene.is_file():
        note.unlink(missing_ok=True)
        raise UserError(f"{scene}: no such file")
    now = SceneNote.of(predictor, scene, out, settings)
    reason = why_not_finished(scene, out, now)
    if reason is None:
        print(f"{scene}: mapped already")
        return
    if reason:
        print(f"{scene}: mapped again, {reason}")
    # Of results that are about to be replaced, nothing is noted.
    note.unlink(missing_ok=True)
    result = predict_scene(predictor, scene, out, settings)
    # With the state of before: a scene that changed meanwhile is mapped again.
    replace(now, results=SceneNote.of(predictor, scene, out, settings).results).save(
        note
    )
    print(
        f"{result.classes}, {result.polygons}: {result.objects} objects"
        f"{describe_left_out(result.left_out)}"
    )


def _check_names(scenes: Sequence[Path], out: Path) -> None:
    """Refuse names whose results would overwrite each other or a scene.

    Raises:
        UserError: Two scenes have one name, or a name is no use for a file.
    """
    inputs = {scene.resolve() for scene in scenes}
    by_name: dict[str, Path] = {}
    for scene in scenes:
        name = scene.stem
        if name in by_name:
            raise UserError(
                f"scenes: two are called {name} ({by_name[name]} and {scene}), "
                "expected one each"
            )
        by_name[name] = scene
        if not name.isprintable():
            raise UserError(
                f"{str(scene)!r}: its name has characters that can't be printed"
            )
        if name == MERGED and len(scenes) > 1:
            raise UserError(
                f"{scene}: is called as what is written over all sheets, expected "
                f"another name than {MERGED}"
            )
        for result in (*result_paths(scene, out), note_path(scene, out)):
            if result.resolve() in inputs:
                raise UserError(
                    f"{result}: is a scene, and the results of {scene} would replace "
                    "it; expected another --out"
                )


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
