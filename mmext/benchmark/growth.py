"""What whole jobs cost as their data grow, against reading the bytes once."""

import functools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import rasterio
from mmengine.registry import DefaultScope

from mmext.datasets.tile_store import TileStore
from mmext.engine.train import train
from mmext.mapping.error_atlas import write_atlas
from mmext.reporting.segmentation import write_report
from mmext.shipped_configs import find_shipped
from mmext.structures import ErrorBank, save_bank

from .mapping import tile_scene
from .measure import Comparison, peak_megabytes
from .setting import SIDE, cut

#: Sides of the two scenes; the larger has four times the pixels.
_SMALL, _LARGE = 3072, 6144
_TILE, _PASSES = 256, 3
#: One job on what lies in a folder.
Job = Callable[[Path], object]


@dataclass(frozen=True)
class _Cost:
    """Processor seconds of a job and of reading its bytes; its peak in megabytes."""

    seconds: float
    reading: float
    megabytes: float


def prepare(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """A scene to a tile store, against reading it once by rasterio."""
    read = functools.partial(_read_once, "scene.tif")
    yield from _growth("preparing", scene, folder, _prepare, read)


def atlas(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """An error bank with counts to an atlas, against reading its layers from a COG."""
    read = functools.partial(_read_once, "atlas/scene_errors.tif")
    yield from _growth("the atlas", scene, folder, _atlas, read, _accumulate)


def report(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Both stages to a report on a test scene, against reading that scene once."""
    read = functools.partial(_read_once, "scene.tif")
    yield from _growth("the report", scene, folder, _report, read, _train)


def _growth(
    what: str,
    scene: Path,
    folder: Path,
    job: Job,
    read: Job,
    before: Job | None = None,
) -> Iterator[Comparison]:
    """Time and memory of a job on two scenes; it takes as long each time."""
    costs = {}
    for side in (_SMALL, _LARGE):
        place = folder / f"{side}"
        place.mkdir()
        _enlarge(scene, place / "scene.tif", side)
        # Processes of their own: a peak never goes down again.
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            if before is not None:
                pool.apply(before, (place,))
            costs[side] = pool.apply(_cost, (job, read, place))
    large, small = costs[_LARGE], costs[_SMALL]
    pixels = f"{_LARGE} x {_LARGE} pixels"
    yield Comparison(
        f"{what} of {pixels}",
        "reading its bytes once",
        [large.seconds],
        [large.reading],
    )
    yield Comparison(
        f"{what}, seconds a megapixel of {pixels}",
        "of a quarter of them",
        [large.seconds / _LARGE**2 * 1e6],
        [small.seconds / _SMALL**2 * 1e6],
    )
    yield Comparison(
        f"{what}, memory for {pixels}",
        "for a quarter of them",
        [large.megabytes],
        [small.megabytes],
        unit="MB",
        clock=None,
    )


def _cost(job: Job, read: Job, folder: Path) -> _Cost:
    with DefaultScope.overwrite_default_scope("mmext"):
        started = time.process_time()
        job(folder)
        done, peak = time.process_time(), peak_megabytes()
        read(folder)
    return _Cost(done - started, time.process_time() - done, peak)


def _enlarge(source: Path, path: Path, side: int) -> None:
    """Repeat the rendered scene and its labels."""
    tile_scene(source, path, side)
    labels = geopandas.read_file(source.with_name(f"{source.stem}_fields.gpkg"))
    with rasterio.open(path) as raster:
        step = SIDE * raster.res[0]
    copies = [
        labels.set_geometry(labels.translate(column * step, -row * step))
        for row in range(side // SIDE)
        for column in range(side // SIDE)
    ]
    pd.concat(copies).to_file(path.with_name("scene_fields.gpkg"))


def _prepare(folder: Path) -> None:
    cut(folder / "scene.tif", folder / "tiles", _TILE)


def _accumulate(folder: Path) -> None:
    """A bank of errors along the outlines of targets, as they are."""
    _prepare(folder)
    store, rng = TileStore(folder / "tiles"), np.random.default_rng(0)
    bank = ErrorBank(len(store), (_TILE, _TILE), store.fingerprint, counts=True)
    valid = 0
    for tile, target in enumerate(store.masks):
        valid += int((target != 255).sum())
        edge = np.hypot(*np.gradient((target == 1).astype(np.float32))) > 0
        for epoch in range(1, _PASSES + 1):
            wrong = edge & (rng.random(edge.shape) < 0.5)
            bank.update(
                np.array([tile]), ((target == 1) ^ wrong)[None], target[None], epoch
            )
    bank.passes = _PASSES
    save_bank(bank, folder / "bank.npz", valid, begin=1, epoch=_PASSES, threshold=0.5)


def _atlas(folder: Path) -> None:
    write_atlas(folder / "bank.npz", folder / "tiles", folder / "atlas")


def _train(folder: Path) -> None:
    """Both stages for a few epochs on the rendered scene, to be tested on the large."""
    _prepare(folder)
    cut(folder.parent / "scene.tif", folder / "train", _TILE)
    stores = {"train": "train", "val": "train", "test": "tiles"}
    train(
        find_shipped("demo/stage2_A100-200.py"),
        work_dir=folder / "runs" / "stage2_A100-200",
        options={
            "epoch_scale": 0.02,
            "model.backbone.base_channels": 4,
            "log_level": "ERROR",
            **{
                f"{part}_dataloader.dataset.store": str(folder / name)
                for part, name in stores.items()
            },
        },
        with_parents=True,
    )


def _report(folder: Path) -> None:
    write_report([folder / "runs"], folder / "report")


def _read_once(raster_name: str, folder: Path) -> None:
    with rasterio.open(folder / raster_name) as raster:
        for _, window in raster.block_windows():
            raster.read(window=window)
