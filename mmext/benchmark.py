"""What ``tools/benchmark.py`` measures."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image
from rasterio.windows import Window

from mmext.datasets import TileDataset
from mmext.datasets.tile_store import TileStore
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.store_pass import predict_share
from mmext.mapping.predict_scene import predict_scene
from mmext.mapping.windows import window_rows
from mmext.models.decoders.union_decoder import UnionDecoder
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import read_labels
from mmext.prepare.scenes import Scene
from mmext.registry import MODELS, TRANSFORMS
from mmext.synthetic.farmland import SceneSpec, render_scene, write_scene

_SIDE = 1536
_TILE = 128
_WINDOW = 512
#: The scenes whose mapping is compared in memory; the larger has 50 times the pixels.
_SMALL, _LARGE = 1024, 7240
PARTS = ("reading", "mapping", "memory", "accumulation")


def benchmark_all(repeats: int, parts: Sequence[str] = PARTS) -> Iterator[str]:
    """Measure everything on a synthetic scene.

    Args:
        repeats: Runs of each measurement; the median counts.
        parts: Of :data:`PARTS`, what to measure.

    Yields:
        A line per comparison.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        DefaultScope.overwrite_default_scope("mmext"),
    ):
        path = Path(folder)
        scene = render_scene(SceneSpec(_SIDE, _SIDE, seed=0))
        write_scene(scene, path, "scene")
        labels = read_labels(path / "scene_fields.gpkg")
        source = Scene("scene", path / "scene.tif", labels)
        cut_scenes([source], path / "store", Cutting(_TILE))
        store = TileStore(path / "store")
        yield f"torch {torch.__version__}, {torch.get_num_threads()} threads"
        loaded = _model(store.header)
        measures = {
            "reading": lambda: _reading(store, path, repeats),
            "mapping": lambda: _mapping(loaded, path, repeats),
            "memory": lambda: _memory(store.header, path),
            "accumulation": lambda: _accumulation(loaded, store, repeats),
        }
        for part in parts:
            yield measures[part]()


def _reading(store: TileStore, folder: Path, repeats: int) -> str:
    """Whole samples, image and mask packed, from a warm file cache."""
    packs = [dict(type="LoadTile"), dict(type="PackTileInputs")]
    dataset = TileDataset(store.path, packs)
    files = []
    for tile in range(len(store)):
        image, mask = folder / f"{tile}.png", folder / f"{tile}_mask.png"
        Image.fromarray(np.asarray(store.images[tile])).save(image)
        Image.fromarray(np.asarray(store.masks[tile])).save(mask)
        files.append((str(image), str(mask)))
    steps = ("LoadImageFromFile", "LoadAnnotations", "PackSegInputs")
    pipeline = Compose([TRANSFORMS.build(dict(type=step)) for step in steps])

    def from_png() -> None:
        for image, mask in files:
            pipeline(
                dict(
                    img_path=image,
                    seg_map_path=mask,
                    seg_fields=[],
                    reduce_zero_label=False,
                )
            )

    def from_store() -> None:
        for tile in range(len(dataset)):
            dataset[tile]

    ours, theirs = _medians(repeats, from_store, from_png)
    return (
        f"reading {len(store)} tiles: store {ours:.3f} s, mmseg from PNG "
        f"{theirs:.3f} s: {theirs / ours:.1f} times as fast"
    )


def _mapping(loaded: LoadedModel, folder: Path, repeats: int) -> str:
    settings = PredictionSettings(window=_WINDOW)
    predictor, backbone = eager_predictor(loaded), loaded.model.backbone
    windows = [
        window.read
        for row in window_rows(
            _SIDE,
            _SIDE,
            _WINDOW,
            backbone.receptive_field // 2,
            backbone.input_multiple,
        )
        for window in row
    ]
    batches = [torch.rand(1, 3, int(w.height), int(w.width)) * 255 for w in windows]

    def alone() -> None:
        for batch in batches:
            predictor.probabilities(batch)

    def whole() -> None:
        predict_scene(predictor, folder / "scene.tif", folder / "map", settings)

    def clocks() -> np.ndarray:
        return np.array([time.perf_counter(), time.process_time()])

    (ours, work), (ceiling, work_alone) = _medians(repeats, whole, alone, clock=clocks)
    return (
        f"mapping {_SIDE} x {_SIDE} pixels: predict_scene {ours:.2f} s, network alone "
        f"{ceiling:.2f} s: {ceiling / ours:.0%} of the ceiling "
        f"({work_alone / work:.0%} by processor time)"
    )


def _memory(header: dict[str, Any], folder: Path) -> str:
    """Peak memory of a process that maps a small scene, and of one with a large one."""
    peaks = {}
    for side in (_SMALL, _LARGE):
        scene = folder / f"{side}.tif"
        _tile_scene(folder / "scene.tif", scene, side)
        # A process of its own each: a peak never goes down again.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peaks[side] = pool.apply(_peak_megabytes, (header, scene, folder / "map"))
    [small, seconds_small, objects_small], [large, seconds_large, objects_large] = (
        peaks.values()
    )
    return (
        f"memory: {_SMALL} x {_SMALL} pixels {small:.0f} MB ({seconds_small:.0f} s, "
        f"{objects_small} objects), {_LARGE} x {_LARGE} pixels {large:.0f} MB "
        f"({seconds_large:.0f} s, {objects_large} objects): {large / small:.2f} times "
        "as much for 50 times the pixels"
    )


def _tile_scene(source: Path, path: Path, side: int) -> None:
    """Repeat a scene until it is as large as asked for."""
    with rasterio.open(source) as raster:
        profile, block = raster.profile, raster.read()
    profile.update(width=side, height=side, bigtiff="if_safer")
    with rasterio.open(path, "w", **profile) as raster:
        for row in range(0, side, _SIDE):
            for column in range(0, side, _SIDE):
                part = block[:, : side - row, : side - column]
                window = Window(column, row, part.shape[2], part.shape[1])
                raster.write(part, window=window)


def _peak_megabytes(
    header: dict[str, Any], scene: Path, out: Path
) -> tuple[float, float, int]:
    """Peak resident memory of this process, seconds, and objects found."""
    with DefaultScope.overwrite_default_scope("mmext"):
        # As narrow as can be: what surrounds the network is measured.
        predictor = eager_predictor(_model(header, width=4))
    with rasterio.open(scene) as raster:
        pixels = raster.read(window=Window(0, 0, _WINDOW, _WINDOW))
    probabilities = predictor.probabilities(torch.from_numpy(pixels).float()[None])
    # Few pixels above it, as in a map of sparse targets.
    threshold = float(np.quantile(probabilities.numpy(), 0.9995))
    predictor = replace(predictor, decoder=UnionDecoder(threshold=threshold))
    started = time.perf_counter()
    settings = PredictionSettings(window=_WINDOW)
    result = predict_scene(predictor, scene, out, settings)
    seconds = time.perf_counter() - started
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / 1024, seconds, result.objects


def _accumulation(loaded: LoadedModel, store: TileStore, repeats: int) -> str:
    model = loaded.model
    optimizer = torch.optim.Adam(model.parameters())
    images = torch.from_numpy(store.images[:16].astype(np.float32)).permute(0, 3, 1, 2)
    batch = model.data_preprocessor({"inputs": images})["inputs"]

    def step() -> None:
        model.train()
        optimizer.zero_grad()
        model._forward(batch).mean().backward()
        optimizer.step()

    def passes() -> None:
        for _ in predict_share(model, store, 16):
            pass

    one_pass, one_step = _medians(repeats, passes, step)
    epoch = one_step * -(-len(store) // 16)
    ratio = (epoch + 3 * one_pass) / epoch
    return (
        f"accumulation: an epoch of training {epoch:.2f} s, a pass over its tiles "
        f"{one_pass:.2f} s: with three passes {ratio:.2f} times as long"
    )


def _model(header: dict[str, Any], width: int = 16) -> LoadedModel:
    head = dict(
        type="FCNHead",
        in_channels=width,
        channels=width,
        in_index=3,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
    )
    model = MODELS.build(
        dict(
            type="BinarySegmentor",
            data_preprocessor=dict(
                type="BandNormalizer", mean=header["mean"], std=header["std"]
            ),
            backbone=dict(type="UNet3", base_channels=width),
            decode_head=dict(
                type="DualHead", head=head, loss=dict(type="MaskedBCEWithLogitsLoss")
            ),
            # An untrained network says 0.5 everywhere: no map has that many polygons.
            decoder=dict(type="UnionDecoder", threshold=0.99),
        )
    )
    return LoadedModel(model.eval(), Config(), header, Path("none"), "0" * 64, 0)


def _medians(
    repeats: int,
    *actions: Callable[[], None],
    clock: Callable[[], Any] = time.perf_counter,
) -> list[Any]:
    """Median seconds of each action, run in turn so that drift meets all alike."""
    times: list[list[Any]] = [[] for _ in actions]
    for run in range(repeats + 1):
        for action, seconds in zip(actions, times, strict=True):
            started = clock()
            action()
            if run:  # the first is to warm up
                seconds.append(clock() - started)
    return [np.median(seconds, axis=0) for seconds in times]
