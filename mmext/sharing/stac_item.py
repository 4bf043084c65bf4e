"""A model as an item of a STAC catalogue, by the Machine Learning Model extension."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import sha256_of
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.model_folder import CONFIG, RECORD, WEIGHTS

from .model_card import number_of_parameters

ITEM = "item.json"
_EXTENSIONS = [
    # 1.5: with names for safetensors, and scaling by band.
    "https://stac-extensions.github.io/mlm/v1.5.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
]
# As multihash writes SHA-256 of 32 bytes.
_SHA256 = "1220"
_TASK = "semantic-segmentation"


def stac_item(
    name: str, loaded: LoadedModel, meta: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """The item, as JSON has it.

    Its geometry is the rectangle around the training tiles where their store is still
    at hand, and null where it isn't.

    Args:
        name: Of the model.
        loaded: The model.
        meta: Of its checkpoint.
        folder: Where the files are that it names.
    """
    bounds = _training_bounds(loaded)
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": _EXTENSIONS,
        "id": name,
        "geometry": None if bounds is None else _rectangle(*bounds),
        "properties": {
            "datetime": _when(meta, loaded.path),
            "description": "Segments one kind of target in georeferenced images.",
            "license": "other",
            # What the input's bands refer to. The extension wants them here; the core
            # only allows it where an asset has them, too.
            "bands": [{"name": band} for band in _bands(loaded)],
            "mlm:name": name,
            "mlm:architecture": type(loaded.model.backbone).__name__,
            "mlm:tasks": [_TASK],
            "mlm:framework": "PyTorch",
            "mlm:framework_version": torch.__version__.partition("+")[0],
            "mlm:total_parameters": number_of_parameters(loaded.model),
            "mlm:pretrained": True,
            "mlm:accelerator_constrained": False,
            "mlm:input": [_input(loaded)],
            "mlm:output": [_output(loaded)],
        },
        "links": [],
        "assets": _assets(loaded, folder),
    }
    if bounds is not None:
        item["bbox"] = list(bounds)
    return item


def _bands(loaded: LoadedModel) -> list[str]:
    indexes = loaded.store["band_indexes"]
    return list(loaded.store.get("bands", [f"band_{index}" for index in indexes]))


def _input(loaded: LoadedModel) -> dict[str, Any]:
    names = _bands(loaded)
    preprocessor = loaded.model.data_preprocessor
    scaling = [
        {"type": "z-score", "mean": mean, "stddev": std}
        for mean, std in zip(
            preprocessor.mean.flatten().tolist(),
            preprocessor.std.flatten().tolist(),
            strict=True,
        )
    ]
    return {
        "name": "image",
        "bands": names,
        "input": {
            "shape": [-1, len(names), -1, -1],
            "dim_order": ["batch", "bands", "height", "width"],
            "data_type": loaded.store["dtype"],
        },
        "description": "Raw pixel values; the model scales them itself, as stated.",
        "value_scaling": scaling,
        "resize_type": None,
        "pre_processing_function": None,
    }


def _output(loaded: LoadedModel) -> dict[str, Any]:
    channels = list(loaded.model.channels)
    return {
        "name": "probability",
        "tasks": [_TASK],
        "result": {
            "shape": [-1, len(channels), -1, -1],
            "dim_order": ["batch", "channel", "height", "width"],
            "data_type": "float32",
        },
        "classification:classes": [
            {"value": 0, "name": "background", "description": "Not decided."},
            {"value": 1, "name": "target", "description": "Decided, by any channel."},
        ],
        "post_processing_function": {
            "format": "mmext",
            "expression": {
                "channels": channels,
                "decoder": loaded.model.union_decoder.settings,
            },
        },
    }


def _assets(loaded: LoadedModel, folder: Path) -> dict[str, Any]:
    return {
        "model": {
            "href": f"./{WEIGHTS}",
            "title": "Weights",
            "type": "application/octet-stream; application=safetensors",
            "roles": ["mlm:model", "mlm:weights", "data"],
            "bands": [{"name": band} for band in _bands(loaded)],
            "mlm:artifact_type": "safetensors.torch.save_file",
            "file:size": (folder / WEIGHTS).stat().st_size,
            "file:checksum": _SHA256 + sha256_of(folder / WEIGHTS),
        },
        "config": {
            "href": f"./{CONFIG}",
            "title": "Resolved config, literals only",
            "type": "text/x-python",
            "roles": ["metadata"],
        },
        "record": {
            "href": f"./{RECORD}",
            "title": "What the checkpoint says of itself",
            "type": "application/json",
            "roles": ["metadata"],
        },
        "card": {
            "href": "./README.md",
            "title": "Model card",
            "type": "text/markdown",
            "roles": ["overview"],
        },
    }


def _when(meta: Mapping[str, Any], path: Path) -> str:
    """When the checkpoint was written: as its training says, else as its file does."""
    try:
        local = datetime.datetime.strptime(str(meta.get("time")), "%Y%m%d_%H%M%S")
    except ValueError:
        local = datetime.datetime.fromtimestamp(path.stat().st_mtime)
    return local.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _training_bounds(loaded: LoadedModel) -> tuple[float, float, float, float] | None:
    """West, south, east and north of the training tiles, if they are here: degrees."""
    dataset = (loaded.config.get("train_dataloader") or {}).get("dataset") or {}
    try:
        store = TileStore(str(dataset.get("store")))
    except UserError:
        return None
    if store.fingerprint != loaded.store.get("fingerprint") or store.tiles.crs is None:
        return None
    west, south, east, north = store.tiles.to_crs("EPSG:4326").total_bounds.tolist()
    return west, south, east, north


def _rectangle(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
