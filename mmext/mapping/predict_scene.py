"""From a scene to a map, in memory that does not grow with the scene."""

import contextlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
import torch
from tqdm import tqdm

from mmext.errors import UserError
from mmext.fileio.leftovers import hidden_name, remove
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.location import Location
from mmext.raster.grid import has_place

from .object_table import LeftOut, check_condition
from .polygon_file import PolygonFile
from .scene_source import SceneSource, open_source
from .scene_writer import SceneWriter
from .windows import PredictionWindow, window_rows, window_step

#: Bytes that GDAL keeps of what it reads and writes; by itself it would take 5 % of
#: the machine.
_CACHE_BYTES = 128 << 20
#: Windows that may wait to be written, so that a slow disk doesn't fill the memory.
_WAITING = 4


@dataclass(frozen=True)
class SceneResult:
    """What was written.

    Attributes:
        probability: COG, a band per channel.
        classes: COG of class codes with a colour table.
        polygons: GeoPackage with the layer ``fields``.
        objects: Number of polygons.
        left_out: How many were found and are not among them, and why.
    """

    probability: Path
    classes: Path
    polygons: Path
    objects: int
    left_out: LeftOut


def result_paths(scene: Location, out: Path) -> tuple[Path, Path, Path]:
    """Where a scene's probabilities, classes and polygons go."""
    return (
        out / f"{scene.stem}_probability.tif",
        out / f"{scene.stem}_class.tif",
        out / f"{scene.stem}.gpkg",
    )


def predict_scene(
    predictor: Predictor, scene: Location, out: Path, settings: PredictionSettings
) -> SceneResult:
    """Map one scene.

    One thread reads, one predicts, one writes. The results appear when all of them are
    whole.

    Args:
        predictor: The network.
        scene: The raster.
        out: Folder for the results; those of an earlier call are replaced.
        settings: How.

    Raises:
        UserError: The scene can't be read or does not fit the model, or the results
            can't be written.
    """
    margin = check_settings(predictor, settings)
    out.mkdir(parents=True, exist_ok=True)
    with (
        rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES),
        open_source(scene, predictor.store, settings.resample) as source,
        _folder_beside(out, scene.stem) as folder,
    ):
        if not has_place(source.raster):  # no other sheet goes on where it ends
            settings = replace(settings, spare_cut=False)
        unfinished = result_paths(scene, folder)
        polygons = PolygonFile(unfinished[2])
        writer = SceneWriter(predictor, source, scene.stem, folder, polygons, settings)
        try:
            _run(predictor, scene.stem, source, writer, settings, margin)
            if note := source.unlike_training():
                print(f"{scene}: {note}")
            writer.finish_polygons()
            writer.probabilities.save_as_cog(unfinished[0], "average")
            writer.classes.save_as_cog(unfinished[1], "nearest")
            polygons.finish()
        finally:
            writer.close()
        results = result_paths(scene, out)
        for made, final in zip(unfinished, results, strict=True):
            made.replace(final)
    return SceneResult(*results, polygons.number, writer.left_out)


def check_settings(predictor: Predictor, settings: PredictionSettings) -> int:
    """Refuse what no scene can be mapped with.

    Args:
        predictor: The network.
        settings: How.

    Returns:
        Pixels to read around each window.

    Raises:
        UserError: The network knows nothing of its training, the window leaves nothing
            between its margins, or the condition on objects can't be read.
    """
    if not predictor.store:
        raise UserError(
            f"{predictor.path}: does not know its training store, expected a "
            "checkpoint of a TileDataset"
        )
    check_condition(settings.where, judges=predictor.correctness is not None)
    margin = _margin(predictor, settings)
    window_step(settings.window, margin, predictor.multiple)
    return margin


@contextlib.contextmanager
def _folder_beside(out: Path, name: str) -> Iterator[Path]:
    """A folder for unfinished files: whatever a library leaves there goes with it."""
    folder = out / hidden_name(out / f"{name}.mapping", "tmp")
    folder.mkdir()
    try:
        yield folder
    finally:
        remove(folder)


def _run(
    predictor: Predictor,
    name: str,
    source: SceneSource,
    writer: SceneWriter,
    settings: PredictionSettings,
    margin: int,
) -> None:
    raster = source.raster

    def rows() -> Iterator[list[PredictionWindow]]:
        # Made anew for each use: a list of all windows would grow with the scene.
        return window_rows(
            raster.height,
            raster.width,
            settings.window,
            margin,
            predictor.multiple,
        )

    number = sum(map(len, rows()))
    # GDAL and torch let go of the interpreter lock: reading, computing and writing
    # really run beside each other.
    with (
        ThreadPoolExecutor(1, "read") as reader,
        ThreadPoolExecutor(1, "write") as written,
        tqdm(total=number, unit="window", desc=name, disable=number == 1) as progress,
    ):
        windows = (window for row in rows() for window in row)
        reads = _read_ahead(reader, source, windows)
        waiting: deque[Future[None]] = deque()
        for row in rows():
            for window in row:
                pixels, valid = next(reads)
                probabilities = _predict(predictor, pixels, settings)
                waiting.append(written.submit(writer.add, window, probabilities, valid))
                progress.update()
                while len(waiting) > _WAITING:
                    waiting.popleft().result()
            core = row[0].core
            strip = (int(core.row_off), int(core.height))
            waiting.append(written.submit(writer.end_strip, *strip))
        for future in waiting:
            future.result()


def _margin(predictor: Predictor, settings: PredictionSettings) -> int:
    if settings.overlap is not None:
        return settings.overlap
    if predictor.reach is None:
        raise UserError(
            "--overlap: not given, and the network does not say how far it looks; 64 "
            "to 128 pixels are usual"
        )
    return predictor.reach


def _read_ahead(
    reader: ThreadPoolExecutor,
    source: SceneSource,
    windows: Iterator[PredictionWindow],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    pending = reader.submit(source.read, next(windows).read)
    for following in windows:
        current, pending = pending, reader.submit(source.read, following.read)
        yield current.result()
    yield pending.result()


def _predict(
    predictor: Predictor, pixels: np.ndarray, settings: PredictionSettings
) -> torch.Tensor:
    """(K, H, W) float32 probabilities of (C, H, W) pixels."""
    # Cast to float where the network runs: eight-bit pixels travel as such.
    image = torch.from_numpy(pixels)[None]
    if not settings.flips:
        return predictor.probabilities(image)[0]
    views: list[list[int]] = [[], [2], [3], [2, 3]]
    total = sum(predictor.probabilities(image.flip(axes)).flip(axes) for axes in views)
    return (total / len(views))[0]
