"""From thermal files to depth files."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from mmext.checked import Count, NotNegative, Positive, settings
from mmext.fileio import atomic_path

from .depth_files import check_scale, write_colour, write_png, write_tiff
from .point_cloud import Intrinsics, write_ply
from .predictor import DepthPrediction, DepthPredictor
from .preview import preview
from .thermal_source import ThermalFrame, ThermalSource


@settings
class OutputSettings:
    """What is written for an image.

    Attributes:
        tiff: Depth as float32 metres in TIFF, not as 16-bit PNG.
        scale: Stored units in a metre, of PNG.
        structural: Also ``NAME_structural.tif``.
        preview_limits: Depths at the ends of the preview's colours, metres; None takes
            each image's own.
        camera: The thermal camera; with it also ``NAME.ply``.
        batch_size: Images that the network gets at once.
    """

    tiff: bool = False
    scale: Positive = 1000.0
    structural: bool = False
    preview_limits: tuple[NotNegative, Positive] | None = None
    camera: Intrinsics | None = None
    batch_size: Count = 8


def predict_files(
    predictor: DepthPredictor,
    source: ThermalSource,
    out: Path,
    settings: OutputSettings | None = None,
) -> int:
    """Write ``NAME_depth.png`` or ``.tif`` and ``NAME_preview.png`` for each image.

    ``prediction.json`` says which model made them, in which units.

    Args:
        predictor: The model.
        source: The images.
        out: Folder.
        settings: What to write.

    Returns:
        Number of images.

    Raises:
        UserError: An image cannot be read, or the PNG's scale cannot hold the depth.
    """
    settings = settings or OutputSettings()
    if not settings.tiff:
        check_scale(settings.scale, predictor.depth_range[1])
    number = 0
    with tqdm(total=len(source), desc="depth", unit="image") as bar:
        for frames in _batches(source, settings.batch_size):
            found = predictor.predict([frame.raw for frame in frames])
            if not number:
                _describe(predictor, out, settings)
            for frame, prediction in zip(frames, found, strict=True):
                _write(out / frame.name, prediction, settings)
            number += len(frames)
            bar.update(len(frames))
    return number


def _batches(frames: Iterable[ThermalFrame], size: int) -> Iterator[list[ThermalFrame]]:
    batch: list[ThermalFrame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(path: Path, found: DepthPrediction, settings: OutputSettings) -> None:
    def beside(ending: str) -> Path:
        # Not with_suffix: names may hold dots.
        return path.with_name(f"{path.name}{ending}")

    if settings.tiff:
        write_tiff(beside("_depth.tif"), found.metric)
    else:
        write_png(beside("_depth.png"), found.metric, settings.scale)
    if settings.structural:
        write_tiff(beside("_structural.tif"), found.structural)
    picture = preview(found.thermal, found.metric, settings.preview_limits)
    write_colour(beside("_preview.png"), picture)
    if settings.camera is not None:
        write_ply(beside(".ply"), found.metric, found.thermal, settings.camera)


def _describe(predictor: DepthPredictor, out: Path, settings: OutputSettings) -> None:
    low, high = predictor.depth_range
    scale = 1.0 if settings.tiff else settings.scale
    facts = {
        "checkpoint": predictor.loaded.path.name,
        "sha256": predictor.loaded.sha256,
        "epoch": predictor.loaded.epoch,
        "depth": f"stored value / {scale:g} = metres",
        "min_depth_m": low,
        "max_depth_m": high,
        "structural_space": predictor.structural_space,
        "median_scaling": False,
        "trained_on": predictor.loaded.store,
    }
    with atomic_path(out / "prediction.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")
