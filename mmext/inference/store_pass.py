"""The prediction of a tile store, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError, the_first_of


@dataclass(frozen=True)
class PredictedTiles:
    """What a model says of some tiles.

    Attributes:
        tile_ids: (B,) int64.
        probabilities: (B, K, H, W) float32, where the model runs: few ask for them.
        mask: (B, H, W) bool, what the model's decoder decides.
        channels: (B, H, W) bool by channel name.
        parts: (B, H, W) bool by name: ``pixels`` and ``core``, what a scene is decided
            by, see :class:`~mmext.models.decoders.union_decoder.Decision`; those that
            the decoder has.
        target: (B, H, W) uint8 in {0, 1, 255}, the tiles' labels.
    """

    tile_ids: np.ndarray
    probabilities: Tensor
    mask: np.ndarray
    channels: dict[str, np.ndarray]
    parts: dict[str, np.ndarray]
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
            images = to_device(store.images, ids, device)
            with torch.inference_mode():
                probabilities = model.probabilities(images.permute(0, 3, 1, 2))
                finite = torch.isfinite(probabilities).flatten(1).all(dim=1)
                refuse_not_finite(finite.cpu().numpy(), ids, store)
                decided = model.decide(probabilities)
            yield PredictedTiles(
                tile_ids=ids,
                probabilities=probabilities,
                mask=decided["mask"].cpu().numpy(),
                channels={
                    name: mask.cpu().numpy()
                    for name, mask in decided["channels"].items()
                },
                parts={
                    name: decided[name].cpu().numpy()
                    for name in ("pixels", "core")
                    if name in decided
                },
                target=np.asarray(store.masks[ids]),
            )
    finally:
        model.train(was_training)


def to_device(array: np.ndarray, ids: np.ndarray, device: torch.device) -> Tensor:
    """Rows of a store's array, in its dtype: eight-bit pixels travel as such.

    To a GPU they go through pinned memory, and nothing waits for them.

    Args:
        array: (N, …), a memory map.
        ids: (B,) rows to take.
        device: Where to.
    """
    first = torch.from_numpy(np.empty(0, array.dtype))
    rows = torch.empty(
        (len(ids), *array.shape[1:]),
        dtype=first.dtype,
        pin_memory=device.type == "cuda",
    )
    np.take(array, ids, axis=0, out=rows.numpy(), mode="clip")
    return rows.to(device, non_blocking=True)


def refuse_not_finite(
    finite: np.ndarray, tile_ids: np.ndarray, store: TileStore
) -> None:
    """Refuse tiles whose probabilities hold NaN.

    Args:
        finite: (M,) bool.
        tile_ids: (M,) the tiles.
        store: Where they are from.
    """
    if not finite.all():
        bad = tile_ids[~finite]
        first = the_first_of([*map(str, bad)], between=", ")
        raise UserError(
            f"{store.path}: predictions hold NaN, of tiles {first}; look at "
            "these tiles and at the weights"
        )
