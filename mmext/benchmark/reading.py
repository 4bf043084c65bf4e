"""Tiles on their way to the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from mmext.datasets.tile_store import TileStore
from mmext.engine.build_config import load_config
from mmext.registry import TRANSFORMS
from mmext.shipped_configs import find_shipped

from .measure import Comparison, timed
from .setting import cut, write_png

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
    files = write_png(store, folder / "png", len(store))

    def from_store() -> None:
        for _ in loader:
            pass

    def from_png() -> None:
        for image, mask in files:
            pipeline(
                dict(
                    img_path=str(image),
                    seg_map_path=str(mask),
                    seg_fields=[],
                    reduce_zero_label=False,
                )
            )

    ours, theirs = timed(repeats, from_store, from_png)
    yield Comparison(
        f"loading and collating {len(store)} tiles of {_TILE} px",
        "mmseg's loading from PNG",
        ours["processor"],
        theirs["processor"],
    )
    yield Comparison(
        f"tiles of {_TILE} px loaded and collated",
        "what one data-centre GPU trains on",
        [len(store) / seconds for seconds in ours["processor"]],
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
