"""One prediction of a whole tile store, as the model stands."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from mmengine import dist
from mmengine.model import is_model_wrapper
from torch import nn

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError


@dataclass(frozen=True)
class PredictedTiles:
    """Decisions for some tiles.

    Attributes:
        tile_ids: (B,) int64.
        mask: (B, H, W) bool, what the model's decoder decides.
        channels: (B, H, W) bool by channel name.
        target: (B, H, W) uint8 in {0, 1, 255}.
    """

    tile_ids: np.ndarray
    mask: np.ndarray
    channels: dict[str, np.ndarray]
    target: np.ndarray


def predict_store(
    model: nn.Module,
    store: TileStore,
    batch_size: int,
    among: np.ndarray | None = None,
) -> Iterator[PredictedTiles]:
    """Predict this process's share of a store, unaugmented, in eval mode.

    Process r of R takes tiles r, r + R, …, each exactly once. No random number
    is drawn and no buffer of the model changes, so a training that is watched
    is the same as one that is not. Batch-norm statistics, which processes keep
    apart, are averaged over them first, so that all predict with one model.

    Args:
        model: A ``BinarySegmentor``, wrapped for distributed training or not.
            Its mode is restored at the end.
        store: The tiles.
        batch_size: Tiles a batch.
        among: (M,) tile ids to predict; None means all.

    Yields:
        Decisions, batch by batch.

    Raises:
        UserError: A probability is NaN, which would count as background.
    """
    segmentor = model.module if is_model_wrapper(model) else model
    device = next(segmentor.parameters()).device
    rank, world_size = dist.get_rank(), dist.get_world_size()
    if world_size > 1:
        buffers = [b for b in segmentor.buffers() if b.is_floating_point()]
        dist.all_reduce_params(buffers, op="mean")
    tile_ids = np.arange(rank, len(store), world_size)
    if among is not None:
        tile_ids = np.intersect1d(tile_ids, among)
    was_training = segmentor.training
    segmentor.eval()
    try:
        for start in range(0, len(tile_ids), batch_size):
            ids = tile_ids[start : start + batch_size]
            images = torch.from_numpy(np.ascontiguousarray(store.images[ids]))
            with torch.inference_mode():
                probabilities = segmentor.probabilities(
                    images.permute(0, 3, 1, 2).to(device)
                )
                _refuse_not_finite(probabilities, ids, store)
                decided = segmentor.decide(probabilities)
            yield PredictedTiles(
                tile_ids=ids,
                mask=decided["mask"].cpu().numpy(),
                channels={
                    name: mask.cpu().numpy()
                    for name, mask in decided["channels"].items()
                },
                target=np.asarray(store.masks[ids]),
            )
    finally:
        segmentor.train(was_training)


def _refuse_not_finite(
    probabilities: torch.Tensor, tile_ids: np.ndarray, store: TileStore
) -> None:
    finite = torch.isfinite(probabilities).flatten(1).all(dim=1).cpu().numpy()
    if not finite.all():
        bad = ", ".join(map(str, tile_ids[~finite]))
        raise UserError(
            f"{store.path}: predictions of the training set hold NaN, of tiles {bad}; "
            "look at these tiles and at the weights"
        )
