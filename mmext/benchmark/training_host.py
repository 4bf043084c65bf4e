"""What the processor does for a training step when a GPU does the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmext.datasets.tile_store import TileStore
from mmext.engine.runner import Runner

from .measure import Comparison, timed
from .setting import Size, built_runner, cut

# An epoch of the paper's training set, in whole batches.
_TILES, _SIDE, _BATCH = 8448, 256, 48
_FLIPS_AND_TURNS = [
    dict(type="LoadTile"),
    dict(type="RandomFlip", prob=0.5),
    dict(type="RandomRot90"),
    dict(type="PackTileInputs"),
]


def training_host(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """All of an epoch through the Runner that the processor does for a GPU.

    Counted are reading, collating, the loop, the hooks and the bookkeeping of losses
    and optimizer. In the GPU's place stands torch's device ``meta``, where tensors have
    shapes and no values: what is done to a batch there (cast, flips and turns,
    normalising) costs what it costs to ask for it. Network and loss are one number, and
    the copy to the device, which a GPU fetches by itself, is left out.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    store = cut(scene, folder / "tiles", _SIDE)
    moved = {"train_dataloader.dataset.pipeline": _FLIPS_AND_TURNS}
    runners = {
        what: runner_without_gpu(
            store, Size(1, _SIDE, _BATCH), _TILES, folder / what, options
        )
        for what, options in (
            ("training steps", {}),
            ("training steps with flips and turns", moved),
        )
    }
    for runner in runners.values():
        runner.train()
    epochs = [runner.train_loop.run_epoch for runner in runners.values()]
    times = timed(repeats, *epochs)
    torch.set_num_threads(threads)
    for (what, runner), seconds in zip(runners.items(), times, strict=True):
        tiles = len(runner.train_dataloader) * _BATCH
        yield Comparison(
            f"{what} over tiles of {_SIDE} px in batches of {_BATCH} without network "
            "and GPU, by one thread",
            "thrice what one data-centre GPU trains on",
            [tiles / each for each in seconds["processor"]],
            [4000.0] * repeats,
            unit="tiles/s",
            higher_is_better=True,
            goal=1.0,
        )


def runner_without_gpu(
    store: TileStore, size: Size, tiles: int, work_dir: Path, options: dict[str, Any]
) -> Runner:
    """A Runner whose batches go to the device ``meta``.

    Args:
        store: Gives the tiles, from the first on and over again.
        size: How large tiles and batches are; the network is not used.
        tiles: How many an epoch has.
        work_dir: Gets the history.
        options: Changes of the config.
    """
    indices = (np.arange(tiles) % len(store)).tolist()
    options = {"train_dataloader.dataset.indices": indices, **options}
    runner = built_runner(store, size, work_dir, options)
    model = runner.model
    to_meta = model.data_preprocessor.to("meta")
    # No part of the model any more, whose weights and statistics are looked at.
    del model.data_preprocessor
    model.data_preprocessor = to_meta.forward
    model.extract_feat = lambda images: images
    head = model.decode_head
    bias = head.head.conv_seg.bias
    head.head.forward = lambda images: images[:, :1]
    for name in head.losses:
        head.losses[name] = _Number(bias)
    return runner


class _Number(nn.Module):
    """A loss that the batch has no part in."""

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        return self.weight.sum()
