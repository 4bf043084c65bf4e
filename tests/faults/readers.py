"""Every kind of file that a program of ours reads, in one folder, and what reads it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import geopandas
import numpy as np
import rasterio
import torch
from shapely.geometry import box

from mmext.checked import read_json
from mmext.datasets.depth import FolderDepthDataset
from mmext.datasets.depth.calibration import CameraPair, read_calibration
from mmext.datasets.depth.structural_maps import StructuralNote, read_map, read_note
from mmext.datasets.tile_store import TileStore
from mmext.engine.train import train
from mmext.inference.backends import export_onnx, open_predictor
from mmext.inference.checkpoint import load_model
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.inference.prediction_settings import PredictionSettings
from mmext.location import locate
from mmext.mapping.many_scenes import predict_scenes
from mmext.mapping.map_evaluation import evaluate_map
from mmext.mapping.scene_note import SceneNote, why_not_finished
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scene_list import scenes_with_labels, select_split
from mmext.reporting.runs import find_runs
from mmext.sharing import share_model
from mmext.structures import load_bank

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "stage1_trunk.py"
GRID = rasterio.Affine(0.5, 0, 200_000, 0, -0.5, 500_000)


@dataclass(frozen=True)
class Reader:
    """A file and what reads it.

    Attributes:
        file: Its path below the folder.
        read: Gets the folder; gives something that ``==`` compares, or raises
            :class:`~mmext.errors.UserError`.
        exact: Whether damage that isn't refused must leave the answer as it was: the
            file carries checksums.
    """

    file: str
    read: Callable[[Path], Any]
    exact: bool = False


def make_folder(root: Path) -> Path:
    """Write one good file of each kind, by our own programs where they write it."""
    root.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    image = rng.integers(20, 90, (3, 48, 64)).astype(np.uint8)
    mask = np.zeros((1, 48, 64), np.uint8)
    mask[:, 8:24, 8:40] = 1
    image[:, mask[0] == 1] += 120
    write_raster(root / "scene.tif", image)
    write_raster(root / "mask.tif", mask)
    fields = geopandas.GeoDataFrame(
        {"crop": ["ginseng", "other"]},
        geometry=[box(200_004, 499_988, 200_020, 499_996), box(0, 0, 1, 1)],
        crs="EPSG:5186",
    )
    fields.to_file(root / "fields.gpkg")
    fields.to_crs("EPSG:4326").to_file(root / "fields.geojson")
    (root / "splits.csv").write_text("file,split\nscene.tif,train\nother.tif,test\n")
    cut(root, root / "store", [str(root / "fields.gpkg")])
    with torch.random.fork_rng():
        # At this scale the paper's snapshots fall together.
        options = {"default_hooks.error_accumulation.snapshots": ()}
        train(CONFIG, root / "run", {**training_options(root / "store"), **options})
    model = load_model(root / "run" / "epoch_2.pth")
    dump_predictions(model.model, TileStore(root / "store"), root / "dump")
    export_onnx(model, root / "model.onnx")
    share_model(root / "run" / "epoch_2.pth", root / "shared")
    predict(root)
    (root / "depth" / "structural").mkdir(parents=True)
    thermal = rng.integers(3000, 6000, (24, 32)).astype(np.uint16)
    cv2.imwrite(str(root / "depth" / "a.png"), thermal)
    np.save(root / "depth" / "a.npy", rng.uniform(1, 9, (24, 32)).astype(np.float32))
    np.save(root / "depth" / "structural" / "a.npy", np.ones((24, 32), np.float32))
    StructuralNote("depth", True, "a teacher", "0" * 64).write(
        root / "depth" / "structural"
    )
    (root / "depth" / "samples.csv").write_text(
        "sample_id,thermal,depth,structural\na,a.png,a.npy,structural/a.npy\n"
    )
    camera = CameraPair(np.eye(3), np.eye(3), np.eye(3), np.zeros(3))
    camera.write(root / "depth" / "calibration.json")
    return root


def write_raster(path: Path, array: np.ndarray) -> None:
    """A GeoTIFF of (bands, H, W)."""
    bands, height, width = array.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=bands,
        height=height,
        width=width,
        dtype=array.dtype,
        crs="EPSG:5186",
        transform=GRID,
        compress="deflate",
    ) as raster:
        raster.write(array)


def training_options(store: Path) -> dict[str, Any]:
    """``--cfg-options`` for two epochs that accumulate, in a second."""
    options: dict[str, Any] = {
        "epoch_scale": 0.01,
        "model.backbone.base_channels": 2,
        "model.decode_head.head.in_channels": 2,
        "model.decode_head.head.channels": 2,
    }
    for part in ("train", "val", "test"):
        options[f"{part}_dataloader.dataset.store"] = str(store)
        options[f"{part}_dataloader.batch_size"] = 4
        options[f"{part}_dataloader.num_workers"] = 0
    return options


def cut(root: Path, out: Path, labels: list[str]) -> int:
    """Number of tiles in a store cut from the folder's scene."""
    scenes = scenes_with_labels(
        [root / "scene.tif"], [LabelSource(locate(path)) for path in labels]
    )
    return cut_scenes(scenes, out, Cutting(tile_size=16), overwrite=True)["num_tiles"]


def predict(root: Path) -> list[str]:
    """Map the folder's scene; what failed."""
    predictor = open_predictor(
        root / "run" / "epoch_2.pth", "eager", "cpu", 128, "fp32"
    )
    settings = PredictionSettings(window=128)
    failures = predict_scenes(predictor, [root / "scene.tif"], root / "map", settings)
    assert (root / "map" / "scene_class.tif").is_file() or failures
    return failures


def _checkpoint(root: Path) -> Any:
    return _weights(root / "run" / "epoch_2.pth")


def _shared(root: Path) -> Any:
    return _weights(root / "shared")


def _weights(path: Path) -> Any:
    state = load_model(path).model.state_dict()
    return {key: value.tolist() for key, value in state.items()}


def _bank(root: Path) -> Any:
    bank = load_bank(root / "run" / "error_bank_epoch_2.npz")
    return [bank.codes(tile).tolist() for tile in range(len(bank))]


def _store(root: Path) -> Any:
    store = TileStore(root / "store")
    tile = store.images[0].sum(), store.masks[0].sum()
    return *tile, len(store), store.tiles["scene"].tolist()


def _dump(root: Path) -> Any:
    dump = load_predictions(root / "dump")
    return dump.mask(0).sum(), dump.codes(0).sum(), dump.logits[0].sum()


def _depth(root: Path) -> Any:
    data = FolderDepthDataset(
        root / "depth",
        pipeline=[
            dict(type="LoadThermal", normalisation=dict(type="range", low=0, high=1)),
            dict(type="LoadDepth"),
            dict(type="LoadStructural"),
        ],
    )
    return data[0]["img"].sum()


def _evaluation(root: Path) -> Any:
    result = evaluate_map(
        root / "map" / "scene_class.tif", root / "fields.gpkg", None, 0.5, None
    )
    return result.objects


def _note(root: Path) -> Any:
    noted = read_json(root / "map" / "scene.json", SceneNote)
    return why_not_finished(root / "scene.tif", root / "map", noted)


def _exported(root: Path) -> Any:
    predictor = open_predictor(root / "model.onnx", "onnxruntime", "cpu", 128, "fp32")
    return predictor.probabilities(torch.zeros(1, 3, 32, 32)).sum()


READERS = {
    "checkpoint": Reader("run/epoch_2.pth", _checkpoint, exact=True),
    "shared_weights": Reader("shared/model.safetensors", _shared, exact=True),
    "shared_config": Reader("shared/config.py", _shared, exact=True),
    "shared_record": Reader("shared/model.json", _shared),
    "bank": Reader("run/error_bank_epoch_2.npz", _bank, exact=True),
    "history": Reader("run/history.jsonl", lambda root: find_runs([root / "run"])),
    "record": Reader("run/run.json", lambda root: find_runs([root / "run"])),
    "store": Reader("store/store.json", _store),
    "images": Reader("store/images.npy", _store),
    "masks": Reader("store/masks.npy", _store),
    "tiles": Reader("store/tiles.gpkg", _store),
    "geopackage": Reader(
        "fields.gpkg",
        lambda root: cut(root, root / "other", [str(root / "fields.gpkg")]),
    ),
    "geojson": Reader(
        "fields.geojson",
        lambda root: cut(root, root / "other", [str(root / "fields.geojson")]),
    ),
    "label_raster": Reader(
        "mask.tif", lambda root: cut(root, root / "other", [str(root / "mask.tif")])
    ),
    "scene": Reader(
        "scene.tif", lambda root: cut(root, root / "other", [str(root / "fields.gpkg")])
    ),
    "split": Reader(
        "splits.csv",
        lambda root: select_split([Path("scene.tif")], root / "splits.csv", "train"),
    ),
    "dump_note": Reader("dump/dump.json", _dump),
    "dump_array": Reader("dump/logits.npy", _dump),
    "note": Reader("map/scene.json", _note),
    "map": Reader("map/scene_class.tif", _evaluation),
    "onnx": Reader("model.onnx", _exported),
    "samples": Reader("depth/samples.csv", _depth),
    "thermal": Reader("depth/a.png", _depth),
    "depth_map": Reader("depth/a.npy", _depth),
    "structural_map": Reader(
        "depth/structural/a.npy",
        lambda root: read_map(root / "depth" / "structural" / "a.npy").sum(),
    ),
    "structural_note": Reader(
        "depth/structural/structural.json",
        lambda root: read_note(root / "depth" / "structural"),
    ),
    "calibration": Reader(
        "depth/calibration.json",
        lambda root: str(read_calibration(root / "depth" / "calibration.json")),
    ),
}


def read_once(reader: Reader, root: Path) -> str:
    """The answer as text, for comparison."""
    return json.dumps(reader.read(root), default=str)
