"""The prediction of a tile store, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from mmengine import dist
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError


@dataclass(frozen=True)
class PredictedTiles:
    """What a model says of some tiles.

    Attributes:
        tile_ids: (B,) int64.
        probabilities: (B, K, H, W) float32, where the model runs: few ask for them.
        mask: (B, H, W) bool, what the model's decoder decides.
        channels: (B, H, W) bool by channel name.
        core: (B, H, W) bool, the pixels that make their component count; None of a
            decoder that decides pixel by pixel.
        target: (B, H, W) uint8 in {0, 1, 255}, the tiles' labels.
    """

    tile_ids: np.ndarray
    probabilities: Tensor
    mask: np.ndarray
    channels: dict[str, np.ndarray]
    core: np.ndarray | None
    target: np.ndarray


def predict_tiles(
    model: nn.Module, store: TileStore, tile_ids: np.ndarray, batch_size: int = 16
) -> Iterator[PredictedTiles]:
    """Predict tiles of a store, unaugmented, in eval mode.

    No random number is drawn and no buffer of the model changes.

    Args:
        model: A ``BinarySegmentor``; its mode is restored at the end.
        store: The tiles.
        tile_ids: (M,) those to predict, in this order.
        batch_size: Tiles a batch.

    Yields:
        Probabilities and decisions, batch by batch.

    Raises:
        UserError: A probability is NaN, which would count as background.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        for start in range(0, len(tile_ids), batch_size):
            ids = tile_ids[start : start + batch_size]
            images = torch.from_numpy(np.ascontiguousarray(store.images[ids]))
            with torch.inference_mode():
                # Cast to float where the model runs: eight-bit pixels travel as such.
                probabilities = model.probabilities(
                    images.permute(0, 3, 1, 2).to(device)
                )
                _refuse_not_finite(probabilities, ids, store)
                decided = model.decide(probabilities)
            yield PredictedTiles(
                tile_ids=ids,
                probabilities=probabilities,
                mask=decided["mask"].cpu().numpy(),
                channels={
                    name: mask.cpu().numpy()
                    for name, mask in decided["channels"].items()
                },
                core=decided["core"].cpu().numpy() if "core" in decided else None,
                target=np.asarray(store.masks[ids]),
            )
    finally:
        model.train(was_training)


def predict_share(
    model: nn.Module,
    store: TileStore,
    batch_size: int,
    among: np.ndarray | None = None,
) -> Iterator[PredictedTiles]:
    """Predict this process's share of a store, as :func:`predict_tiles` does.

    Process r of R takes tiles r, r + R, …, each exactly once. Batch-norm statistics,
    which processes keep apart, are averaged over them first, so that all predict with
    one model. Alone, a training that is watched is the same as one that is not.

    Args:
        model: A ``BinarySegmentor``, wrapped for distributed training or not.
        store: The tiles.
        batch_size: Tiles a batch.
        among: (M,) tile ids to predict; None means all.
    """
    segmentor = model.module if is_model_wrapper(model) else model
    rank, world_size = dist.get_rank(), dist.get_world_size()
    if world_size > 1:
        buffers = [b for b in segmentor.buffers() if b.is_floating_point()]
        dist.all_reduce_params(buffers, op="mean")
    tile_ids = np.arange(rank, len(store), world_size)
    if among is not None:
        tile_ids = np.intersect1d(tile_ids, among)
    return predict_tiles(segmentor, store, tile_ids, batch_size)


def _refuse_not_finite(
    probabilities: Tensor, tile_ids: np.ndarray, store: TileStore
) -> None:
    finite = torch.isfinite(probabilities).flatten(1).all(dim=1).cpu().numpy()
    if not finite.all():
        bad = ", ".join(map(str, tile_ids[~finite]))
        raise UserError(
            f"{store.path}: predictions hold NaN, of tiles {bad}; look at these tiles "
            "and at the weights"
        )
