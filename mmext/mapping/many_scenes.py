"""Mapping a pile of sheets: shared out, resumable, and put together at the end."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmext.errors import UserError, the_first_of
from mmext.fileio import locked
from mmext.fileio.leftovers import sweep
from mmext.inference.prediction_settings import PredictionSettings, VectorFormat
from mmext.inference.predictor import Predictor
from mmext.location import Location, local_path
from mmext.raster.writing import CantWriteError

from .predict_scene import check_settings, result_paths
from .put_together import MERGED, put_together
from .scene_note import note_path
from .sheet_task import map_sheet, why_unfinished

#: Sheets that are named where many aren't finished.
_NAMED = 5


def predict_scenes(
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
    file_format: VectorFormat = "gpkg",
) -> list[str]:
    """Map scenes, skipping those that are finished, and put several together.

    A scene is finished if its results lie in ``out``, of the size that was noted, with
    a note of the same model, settings and input file; otherwise it is mapped anew.
    What can't be mapped does not stop the rest, but a disk that can't be written to
    does. An object that reaches the edge of its sheet is filtered and simplified when
    sheets are put together, since it is whole then.

    Args:
        predictor: The network.
        scenes: The rasters, of different names.
        out: Folder for the results.
        settings: How.
        file_format: Of the objects over several scenes.

    Returns:
        A line for each scene that could not be mapped, and for what could not be put
        together.

    Raises:
        UserError: No scene can be mapped so, a name is no use, or ``out`` can't be
            written to, or another process maps into it.
    """
    settings = checked_settings(predictor, scenes, out, settings)
    with locked(out):
        failures = _map_all(predictor, scenes, out, settings)
        return failures + put_finished_together(
            predictor, scenes, out, settings, file_format
        )


def predict_shard(
    predictor: Predictor,
    scenes: Sequence[Location],
    mine: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
) -> list[str]:
    """Map some scenes of many, as :func:`predict_scenes` does; nothing is put together.

    Other processes, here or elsewhere, may map other scenes at the same time.

    Args:
        predictor: The network.
        scenes: All of the rasters.
        mine: Those to map.
        out: Folder for the results.
        settings: How.

    Returns:
        A line for each scene that could not be mapped.

    Raises:
        UserError: As :func:`predict_scenes`, whatever else is in ``out``.
    """
    settings = checked_settings(predictor, scenes, out, settings)
    # No lock: one that a killed job left on another machine would keep out the job
    # that is started in its place.
    return _map_all(predictor, mine, out, settings)


def merge_scenes(
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
    file_format: VectorFormat = "gpkg",
) -> list[str]:
    """Put scenes together that were mapped before; see :func:`predict_scenes`.

    Returns:
        A line for what could not be put together.

    Raises:
        UserError: A scene isn't finished, or there is only one.
    """
    if len(scenes) < 2:
        raise UserError(f"--merge: of {len(scenes)} scene, expected several")
    settings = checked_settings(predictor, scenes, out, settings)
    with locked(out):
        sweep(out)
        reasons = [why_unfinished(predictor, scene, out, settings) for scene in scenes]
        unfinished = [reason for reason in reasons if reason is not None]
        if unfinished:
            raise UserError(
                f"--merge: {len(unfinished)} of {len(scenes)} scenes aren't finished: "
                f"{the_first_of(unfinished, _NAMED)}; map them with the same "
                "arguments, or leave them out"
            )
        return put_together(scenes, out, predictor, settings, file_format)


def put_finished_together(
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
    file_format: VectorFormat,
) -> list[str]:
    """Put those scenes together that are noted, if there were several.

    Returns:
        A line for what could not be put together.
    """
    if len(scenes) == 1:
        return []
    done = [scene for scene in scenes if note_path(scene, out).is_file()]
    return put_together(done, out, predictor, settings, file_format)


def checked_settings(
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
) -> PredictionSettings:
    """How each of many scenes is mapped; says what is not as in one pass over all.

    Raises:
        UserError: No scene can be mapped so, or a name is no use.
    """
    margin = check_settings(predictor, settings)
    _check_names(scenes, out)
    if predictor.reach is not None and margin < predictor.reach:
        print(
            f"--overlap: is {margin}, the network looks {predictor.reach} pixels far; "
            "beside the seams of windows probabilities are not those of one pass"
        )
    if len(scenes) == 1:
        return settings
    if predictor.decoder.grow:
        print(
            f"decoder.grow: what is decided grows by {predictor.decoder.grow} pixels "
            "within each sheet, not from one into the next; a VRT of them, mapped as "
            "one scene, has no such edges"
        )
    return replace(settings, spare_cut=True)


def _map_all(
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
) -> list[str]:
    """A line for each scene that could not be mapped."""
    sweep(out)
    failures = []
    for scene in scenes:
        try:
            map_sheet(predictor, scene, out, settings)
        except CantWriteError:
            raise
        except UserError as error:
            failures.append(str(error))
    return failures


def _check_names(scenes: Sequence[Location], out: Path) -> None:
    """Refuse names whose results would overwrite each other or a scene.

    Raises:
        UserError: Two scenes have one name, or a name is no use for a file.
    """
    paths = [path for path in map(local_path, scenes) if path is not None]
    inputs = {path.resolve() for path in paths}
    by_name: dict[str, Location] = {}
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
