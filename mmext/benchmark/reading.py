"""Tiles on their way to the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from PIL import Image

from mmext.datasets.tile_store import TileStore
from mmext.engine.build_config import load_config
from mmext.registry import TRANSFORMS
from mmext.shipped_configs import find_shipped

from .measure import Comparison, timed
from .setting import cut

_TILE, _BATCH = 256, 48


def reading(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Loading and collating against mmseg's from PNG, and how many bytes travel."""
    store = cut(scene, folder / "tiles", _TILE)
    loader = _loader(store)
    pipeline = Compose(
        [
            TRANSFORMS.build(dict(type=step))
            for step in ("LoadImageFromFile", "LoadAnnotations", "PackSegInputs")
        ]
    )
    files = _write_png(store, folder)

    def from_store() -> None:
        for _ in loader:
            pass

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

    ours, theirs = timed(repeats, from_store, from_png)
    yield Comparison(
        f"loading and collating {len(store)} tiles of {_TILE} px",
        "mmseg's loading from PNG",
        ours,
        theirs,
    )
    yield Comparison(
        f"tiles of {_TILE} px loaded and collated",
        "what one data-centre GPU trains on",
        [len(store) / seconds for seconds in ours],
        [1400.0] * repeats,
        unit="tiles/s",
        higher_is_better=True,
    )
    travelling = sum(_bytes(batch) for batch in loader)
    own = store.images.nbytes + store.masks.nbytes
    yield Comparison(
        "bytes from worker to device",
        "the tiles' own",
        [travelling],
        [own],
        unit="bytes",
        clock=None,
        goal=1 / 1.05,
    )


def _loader(store: TileStore) -> torch.utils.data.DataLoader:
    options: dict[str, Any] = {
        "train_dataloader.dataset.store": str(store.path),
        "train_dataloader.batch_size": _BATCH,
        "train_dataloader.num_workers": 0,
        "train_dataloader.sampler": dict(
            _delete_=True, type="DefaultSampler", shuffle=True
        ),
    }
    config: Config = load_config(find_shipped("stage1_trunk.py"), options)
    return Runner.build_dataloader(config.train_dataloader, seed=0)


def _write_png(store: TileStore, folder: Path) -> list[tuple[str, str]]:
    files = []
    for tile in range(len(store)):
        image, mask = folder / f"{tile}.png", folder / f"{tile}_mask.png"
        Image.fromarray(np.asarray(store.images[tile])).save(image)
        Image.fromarray(np.asarray(store.masks[tile])).save(mask)
        files.append((str(image), str(mask)))
    return files


def _bytes(data: Any) -> int:
    """Bytes of all tensors in a batch."""
    if isinstance(data, torch.Tensor):
        return data.nbytes
    if isinstance(data, BaseDataElement):
        return sum(_bytes(value) for value in data.values())
    if isinstance(data, dict):
        return sum(_bytes(value) for value in data.values())
    if isinstance(data, list | tuple):
        return sum(_bytes(value) for value in data)
    return 0
