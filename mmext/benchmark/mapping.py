"""Mapping a scene, against the network alone, and its memory."""

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from rasterio.windows import Window

from mmext.inference.backends.eager import eager_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.mapping.predict_scene import predict_scene
from mmext.mapping.windows import window_rows
from mmext.models.decoders.union_decoder import UnionDecoder

from .measure import Clock, Comparison, peak_megabytes, timed
from .setting import SIDE, cut, untrained

WINDOW = 512
#: The scenes whose mapping is compared in memory; the larger has 50 times the pixels.
_SMALL, _LARGE = 1024, 7240


def mapping(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """predict_scene with all it reads and writes, against the network in memory."""
    on_gpu = torch.cuda.is_available()
    header = cut(scene, folder / "tiles", 128).header
    loaded = untrained(header, width=64 if on_gpu else 16)
    loaded.model.to(get_device())
    settings = PredictionSettings(window=WINDOW)
    predictor = eager_predictor(loaded)

    def whole() -> None:
        predict_scene(predictor, scene, folder / "map", settings)

    reach = 0.90 if on_gpu else 0.95
    clocks: tuple[Clock, ...] = ("wall", "processor")
    ours, ceiling = timed(repeats, whole, network_alone(predictor))
    for clock in clocks:
        yield Comparison(
            f"mapping {SIDE} x {SIDE} pixels to COGs and polygons",
            "the network alone",
            ours[clock],
            ceiling[clock],
            clock=clock,
            goal=reach if (clock == "wall") == on_gpu else None,
        )


def network_alone(predictor: Predictor) -> Callable[[], None]:
    """The network on the windows of the rendered scene, which lie in memory."""
    assert predictor.reach is not None
    windows = [
        window.read
        for row in window_rows(SIDE, SIDE, WINDOW, predictor.reach, predictor.multiple)
        for window in row
    ]
    batches = [torch.rand(1, 3, int(w.height), int(w.width)) * 255 for w in windows]

    def alone() -> None:
        for batch in batches:
            predictor.probabilities(batch)

    return alone


def memory(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Peak memory of a process that maps a small scene, and of one with a large one.

    A peak is the same each time, so it is measured once.
    """
    header, peaks = cut(scene, folder / "tiles", 128).header, {}
    for side in (_SMALL, _LARGE):
        path = folder / f"{side}.tif"
        tile_scene(scene, path, side)
        # A process of its own each: a peak never goes down again.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peaks[side] = pool.apply(_map, (header, path, folder / "map"))
    yield Comparison(
        f"memory for {_LARGE} x {_LARGE} pixels",
        f"for {_SMALL} x {_SMALL}, a fiftieth of them",
        [peaks[_LARGE]],
        [peaks[_SMALL]],
        unit="MB",
        clock=None,
    )


def tile_scene(source: Path, path: Path, side: int) -> None:
    """Repeat a scene until it is as large as asked for."""
    with rasterio.open(source) as raster:
        profile, block = raster.profile, raster.read()
    profile.update(width=side, height=side, bigtiff="if_safer")
    with rasterio.open(path, "w", **profile) as raster:
        for row in range(0, side, SIDE):
            for column in range(0, side, SIDE):
                part = block[:, : side - row, : side - column]
                window = Window(column, row, part.shape[2], part.shape[1])
                raster.write(part, window=window)


def _map(header: dict[str, Any], scene: Path, out: Path) -> float:
    """Map a scene; the peak of this process in megabytes."""
    with DefaultScope.overwrite_default_scope("mmext"):
        # As narrow as can be: what surrounds the network is measured.
        predictor = eager_predictor(untrained(header, width=4))
    with rasterio.open(scene) as raster:
        pixels = raster.read(window=Window(0, 0, WINDOW, WINDOW))
    probabilities = predictor.probabilities(torch.from_numpy(pixels).float()[None])
    # Few pixels above it, as in a map of sparse targets.
    threshold = float(np.quantile(probabilities.numpy(), 0.9995))
    predictor = replace(predictor, decoder=UnionDecoder(threshold=threshold))
    predict_scene(predictor, scene, out, PredictionSettings(window=WINDOW))
    return peak_megabytes()
