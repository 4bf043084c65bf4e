"""Very many small sheets: what a sheet costs beside its network."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
from torch import Tensor

from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.mapping.many_scenes import merge_scenes, predict_shard
from mmext.models.decoders.union_decoder import UnionDecoder

from .measure import Comparison, peak_megabytes

#: Side of a sheet in pixels, and how many are measured.
_SIDE, _NUMBER = 64, 1000
#: A country, and what it may take on two cores.
_SHEETS, _SECONDS, _MEGABYTES = 100_000, 3600, 2000


def country(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Processor time of a sheet, mapped and merged, against two cores' hour; memory.

    It is measured once: a thousand sheets are a thousand repeats. The rendered scene is
    not looked at.
    """
    sheets = write_sheets(folder / "sheets", _NUMBER)
    seconds, peaks = {}, {}
    for step in (_map, _merge):
        # A process of its own each: a peak never goes down again.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds[step], peaks[step] = pool.apply(step, (sheets, folder / "map"))
    each = 2 * _SECONDS / _SHEETS
    yield Comparison(
        f"{_NUMBER} sheets of {_SIDE} px, mapped and put together",
        f"two cores' hour for {_SHEETS}",
        [sum(seconds.values())],
        [each * _NUMBER],
        goal=1.0,
    )
    yield Comparison(
        "of it, putting together", "mapping", [seconds[_merge]], [seconds[_map]]
    )
    yield Comparison(
        "memory",
        "of the country",
        [max(peaks.values())],
        [_MEGABYTES],
        unit="MB",
        clock=None,
    )


def write_sheets(folder: Path, number: int) -> list[Path]:
    """Write sheets side by side, with five bright squares each at random places.

    Args:
        folder: Made.
        number: How many, in rows of a square.
    """
    folder.mkdir()
    rng = np.random.default_rng(0)
    across = int(np.ceil(number**0.5))
    paths = []
    for index in range(number):
        row, column = divmod(index, across)
        image = rng.integers(1, 120, (3, _SIDE, _SIDE)).astype(np.uint8)
        for top, left in rng.integers(0, _SIDE - 4, (5, 2)):
            image[0, top : top + 10, left : left + 10] = 240
        paths.append(folder / f"sheet_{index:06}.tif")
        with rasterio.open(
            paths[-1],
            "w",
            driver="GTiff",
            height=_SIDE,
            width=_SIDE,
            count=3,
            dtype="uint8",
            crs="EPSG:5186",
            transform=rasterio.Affine(
                1, 0, 200_000 + _SIDE * column, 0, -1, 500_000 - _SIDE * row
            ),
        ) as sheet:
            sheet.write(image)
    return paths


def _brightness(image: Tensor) -> Tensor:
    """A network with next to nothing in it, (1, 3, H, W) to (1, 2, H, W)."""
    return image[:, :2].float() / 255


def _predictor() -> Predictor:
    return Predictor(
        backend="eager",
        probabilities=_brightness,
        channels=("target", "error"),
        decoder=UnionDecoder(),
        reach=0,
        multiple=8,
        store=dict(
            bands=["band_1", "band_2", "band_3"], band_indexes=[1, 2, 3], dtype="uint8"
        ),
        path=Path("none"),
        sha256="0" * 64,
    )


def _map(sheets: list[Path], out: Path) -> tuple[float, float]:
    """Processor seconds, and the peak of this process in megabytes."""
    started = time.process_time()
    settings = PredictionSettings()
    failures = predict_shard(_predictor(), sheets, sheets, out, settings)
    assert not failures, failures
    return time.process_time() - started, peak_megabytes()


def _merge(sheets: list[Path], out: Path) -> tuple[float, float]:
    """Likewise."""
    started = time.process_time()
    failures = merge_scenes(_predictor(), sheets, out, PredictionSettings())
    assert not failures, failures
    return time.process_time() - started, peak_megabytes()
