"""Where a model errs on the tiles of a store."""

import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from mmengine import dist
from torch import Tensor, nn

from mmext.datasets.tile_store import TileStore
from mmext.models.unwrapped import unwrapped
from mmext.structures.packed_bits import count_bits, pack_bits, pack_labels

from .folding import folded_copy
from .store_pass import refuse_not_finite, to_device

# Pixels a batch on each thread of a CPU: what its caches hold of a narrow network.
_PIXELS_A_THREAD = 1 << 16
# A GPU's batches that may be on their way at once, with their pinned memory.
_AHEAD = 3


@dataclass(frozen=True)
class TileErrors:
    """The errors of one prediction of some tiles.

    Attributes:
        tile_ids: (M,) int64, each once.
        fn: (M, ceil(H·W / 8)) uint8, the false negatives of the decided mask, packed
            as :class:`~mmext.structures.ErrorBank` packs them.
        fp: The false positives, likewise.
        sums: TP, FP, FN and TN in pixels, (4,) int64, by channel; with several channels
            also of ``union``, the decided mask.
        folded: Whether batch norms were folded for it.
    """

    tile_ids: np.ndarray
    fn: np.ndarray
    fp: np.ndarray
    sums: dict[str, np.ndarray]
    folded: bool = False


def find_errors(
    model: nn.Module,
    store: TileStore,
    tile_ids: np.ndarray,
    batch_size: int,
    fold: bool = True,
    autocast: torch.dtype | None = None,
) -> TileErrors:
    """Predict tiles, unaugmented, in eval mode, and compare them with their masks.

    No random number is drawn and no buffer of the model changes. Errors and sums stay
    where the model runs and come home at the end: nothing waits for a batch.

    Args:
        model: A ``BinarySegmentor``; its mode is restored at the end.
        store: The tiles.
        tile_ids: (M,) those to predict.
        batch_size: Tiles a batch.
        fold: Predict with a :func:`~.folding.folded_copy` where there can be one;
            probabilities differ by rounding.
        autocast: Type of mixed precision; None means as the weights are.

    Raises:
        UserError: A probability is NaN, which would count as background.
    """
    was_training = model.training
    model.eval()
    try:
        folded = folded_copy(model, store.images.shape[3]) if fold else None
        network = model if folded is None else folded
        with torch.inference_mode():
            found = _compare(network, store, tile_ids, batch_size, autocast)
        return replace(found, folded=folded is not None)
    finally:
        model.train(was_training)


def find_errors_of_share(
    model: nn.Module,
    store: TileStore,
    among: Sequence[int] | np.ndarray,
    batch_size: int,
    fold: bool = True,
    autocast: torch.dtype | None = None,
) -> TileErrors:
    """:func:`find_errors` in this process's share of tiles; sums are of all processes.

    Process r of R takes tiles r, r + R, …, each exactly once. Batch-norm statistics,
    which processes keep apart, are averaged over them first, so that all predict with
    one model. Alone, a training that is watched is the same as one that is not.

    Args:
        model: A ``BinarySegmentor``, wrapped for distributed training or not.
        store: The tiles.
        among: (M,) ids of the tiles that the processes share.
        batch_size: Tiles a batch.
        fold: See :func:`find_errors`.
        autocast: See :func:`find_errors`.
    """
    segmentor = unwrapped(model)
    rank, world_size = dist.get_rank(), dist.get_world_size()
    if world_size > 1:
        buffers = [b for b in segmentor.buffers() if b.is_floating_point()]
        dist.all_reduce_params(buffers, op="mean")
    own = np.intersect1d(np.arange(rank, len(store), world_size), among)
    found = find_errors(segmentor, store, own, batch_size, fold, autocast)
    names = sorted(found.sums)
    wire = torch.from_numpy(np.stack([found.sums[name] for name in names]))
    dist.all_reduce(wire, op="sum")
    return replace(found, sums=dict(zip(names, wire.numpy(), strict=True)))


def pass_batch_size(model: nn.Module, tile_pixels: int, training: int) -> int:
    """Tiles a batch of a pass.

    Args:
        model: What predicts.
        tile_pixels: Pixels of a tile.
        training: Tiles a batch of the training. On a GPU a pass takes twice as many:
            it keeps nothing for a backward pass, so that is less memory.
    """
    if next(model.parameters()).device.type == "cpu":
        return max(1, torch.get_num_threads() * _PIXELS_A_THREAD // tile_pixels)
    return 2 * training


def _compare(
    network: nn.Module,
    store: TileStore,
    tile_ids: np.ndarray,
    batch_size: int,
    autocast: torch.dtype | None,
) -> TileErrors:
    device = next(network.parameters()).device
    pixels = store.masks.shape[1] * store.masks.shape[2]
    fn, fp = torch.empty(
        (2, len(tile_ids), -(-pixels // 8)), dtype=torch.uint8, device=device
    )
    finite = torch.ones(len(tile_ids), dtype=torch.bool, device=device)
    names = list(network.channels)
    # Pixels that the masks call target and not; false negatives and false positives of
    # the decided mask and, where there are several, of each channel.
    labels = torch.zeros(2, dtype=torch.int64, device=device)
    decided_wrong = torch.zeros_like(labels)
    wrong = {name: torch.zeros_like(labels) for name in names if len(names) > 1}
    under_way: deque[torch.cuda.Event] = deque()
    for start in range(0, len(tile_ids), batch_size):
        part = slice(start, start + batch_size)
        ids = tile_ids[part]
        images = to_device(store.images, ids, device).permute(0, 3, 1, 2)
        with _precision(device, autocast):
            probabilities = network.probabilities(images)
        # Of numbers in [0, 1] a sum is finite, unless one of them is NaN.
        finite[part] = probabilities.flatten(1).sum(dim=1).isfinite()
        decided = network.decide(probabilities)
        positive, negative = pack_labels(to_device(store.masks, ids, device))
        labels += _counts(positive, negative)
        said = pack_bits(decided["mask"])
        fn[part], fp[part] = positive & ~said, negative & said
        decided_wrong += _counts(fn[part], fp[part])
        for name, counts in wrong.items():
            said = pack_bits(decided["channels"][name])
            counts += _counts(positive & ~said, negative & said)
        if device.type == "cuda":
            under_way.append(torch.cuda.Event())
            under_way[-1].record()
            if len(under_way) > _AHEAD:
                under_way.popleft().synchronize()
    refuse_not_finite(finite.cpu().numpy(), tile_ids, store)
    wrong["union" if len(names) > 1 else names[0]] = decided_wrong
    return TileErrors(
        tile_ids,
        fn.cpu().numpy(),
        fp.cpu().numpy(),
        {name: _sums(each, labels) for name, each in wrong.items()},
    )


def _counts(one: Tensor, other: Tensor) -> Tensor:
    return torch.stack([count_bits(one), count_bits(other)])


def _sums(errors: Tensor, labels: Tensor) -> np.ndarray:
    """TP, FP, FN and TN of FN and FP, and of the pixels labelled target and not."""
    (fn, fp), (positive, negative) = errors.tolist(), labels.tolist()
    return np.array([positive - fn, fp, fn, negative - fp])


def _precision(
    device: torch.device, autocast: torch.dtype | None
) -> contextlib.AbstractContextManager:
    if autocast is None:
        return contextlib.nullcontext()
    return torch.autocast(device.type, autocast)
