"""One sheet of many: the same task, whoever runs it."""

from dataclasses import replace
from pathlib import Path

from mmext.errors import UserError
from mmext.fileio.file_note import MAY_HAVE_CHANGED
from mmext.fileio.remote import NoSuchFileError
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.location import Location

from .object_table import describe_left_out
from .predict_scene import predict_scene
from .scene_note import (
    SceneNote,
    note_path,
    result_sizes,
    why_not_finished,
)


def map_sheet(
    predictor: Predictor, scene: Location, out: Path, settings: PredictionSettings
) -> None:
    """Map a scene, unless it is finished, and note that it is.

    Tasks of different sheets know nothing of each other, and one that is run twice
    leaves what it left the first time.

    Args:
        predictor: The network.
        scene: The raster.
        out: Folder for the results.
        settings: How.

    Raises:
        UserError: There is no such scene, it can't be read or does not fit the model,
            or the results can't be written.
    """
    note = note_path(scene, out)
    try:
        now = SceneNote.of(predictor, scene, out, settings)
    except NoSuchFileError:
        note.unlink(missing_ok=True)
        raise
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
    replace(now, results=result_sizes(scene, out)).save(note)
    print(
        f"{result.classes}, {result.polygons}: {result.objects} objects"
        f"{describe_left_out(result.left_out)}"
    )


def why_unfinished(
    predictor: Predictor, scene: Location, out: Path, settings: PredictionSettings
) -> str | None:
    """Why a sheet's results are not those of its task; None where they are."""
    try:
        now = SceneNote.of(predictor, scene, out, settings)
    except UserError as error:
        return str(error)
    reason = why_not_finished(scene, out, now)
    if reason == MAY_HAVE_CHANGED:
        print(f"{scene}: {reason} since it was mapped")
        return None
    return None if reason is None else f"{scene}: {reason or 'not mapped yet'}"
