"""The errors that a training's own steps make."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine import dist
from mmseg.models.utils import resize
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmext.datasets import TileDataset, collate_tiles
from mmext.datasets.transforms import RandomFlip, RandomRot90, TilePhotometric
from mmext.datasets.transforms.batch_moves import undo_moves
from mmext.errors import UserError
from mmext.models.unwrapped import unwrapped
from mmext.structures import TileSamples
from mmext.structures.packed_bits import pack_bits

_CAN_BE_UNDONE = (RandomFlip, RandomRot90, TilePhotometric)


def refuse_what_cannot_be_undone(loader: DataLoader, where: str) -> None:
    """Refuse batches of which nobody knows how their tiles lie in the store.

    Args:
        loader: The training's.
        where: The setting that asks for them, for the message.

    Raises:
        UserError: Samples come one by one, or the pipeline has a step of another kind.
    """
    dataset, collate = loader.dataset, loader.collate_fn
    if getattr(collate, "func", collate) is not collate_tiles:
        found = "train_dataloader.collate_fn is another one"
    elif not (isinstance(dataset, TileDataset) and dataset.reads_batches):
        found = "train_dataloader.dataset.pipeline changes samples one by one"
    else:
        steps = [s for s in dataset.pipeline.transforms if hasattr(s, "change_batch")]
        foreign = [s for s in steps if type(s) not in _CAN_BE_UNDONE]
        if not foreign:
            return
        found = f"train_dataloader.dataset.pipeline has {type(foreign[0]).__name__}"
    names = ", ".join(step.__name__ for step in _CAN_BE_UNDONE)
    raise UserError(
        f"{where}: {found}; expected collate_tiles and no changes but {names}, which "
        "can be undone"
    )


class TrainingErrors:
    """Errors of one epoch's training steps, OR-ed by tile.

    It listens to the model, which is not asked anything twice: to the batch as the data
    preprocessor gives it, and to the logits from which the decode head takes its loss.
    Errors stay where the model runs until the epoch has ended; nothing waits for them.

    Args:
        model: A ``BinarySegmentor``, wrapped for distributed training or not.
        num_tiles: Tiles of the store.
        tile_pixels: Pixels of a tile.
    """

    def __init__(self, model: nn.Module, num_tiles: int, tile_pixels: int) -> None:
        self._model = unwrapped(model)
        device = next(model.parameters()).device
        # False negatives, false positives.
        self._errors = torch.zeros(
            (2, num_tiles, -(-tile_pixels // 8)), dtype=torch.uint8, device=device
        )
        self._seen = np.zeros(num_tiles, bool)
        self._samples: Any = None
        self._logits: Tensor | None = None
        self._listening = [
            self._model.data_preprocessor.register_forward_hook(self._keep_samples),
            self._model.decode_head.head.register_forward_hook(self._keep_logits),
        ]

    def add_step(self) -> None:
        """Add the errors of the step that has just been done.

        Raises:
            UserError: The step didn't go where it is listened to.
        """
        samples, logits = self._samples, self._logits
        if not isinstance(samples, TileSamples) or logits is None:
            raise UserError(
                "ErrorAccumulationHook.source: is 'training', but the training step "
                "didn't go through the model's data_preprocessor and decode_head, "
                "batch as one (is it compiled?); expected 'passes'"
            )
        self._samples = self._logits = None
        target = samples.gt_sem_seg
        with torch.no_grad():
            if logits.shape[2:] != target.shape[1:]:
                logits = resize(
                    logits,
                    size=target.shape[1:],
                    mode="bilinear",
                    align_corners=self._model.align_corners,
                )
            said = self._model.decide(logits.float().sigmoid())["mask"]
            wrong = torch.stack([(target == 1) & ~said, (target == 0) & said], dim=1)
            wrong = undo_moves(wrong, samples)
            fn, fp = (pack_bits(each) for each in wrong.unbind(1))
        self._add(np.asarray(samples.columns["tile_id"]), torch.stack([fn, fp]))

    def close(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Listen no longer; the errors of all processes.

        Returns:
            Ids (M,) int64 of the tiles that were trained on, each once; and their
            false negatives and false positives, (M, ceil(H·W / 8)) uint8 each.
        """
        for handle in self._listening:
            handle.remove()
        errors, seen = self._errors, torch.from_numpy(self._seen)
        if dist.get_world_size() > 1:
            # Tiles overlap, and NCCL knows no OR.
            errors = _any_of(dist.all_gather(errors))
            seen = _any_of(dist.all_gather(seen.to(torch.uint8))).bool()
        tile_ids = np.flatnonzero(seen.numpy())
        fn, fp = errors.cpu().numpy()
        return tile_ids, fn[tile_ids], fp[tile_ids]

    def _add(self, tile_ids: np.ndarray, errors: Tensor) -> None:
        """OR errors (2, B, bytes) into those of their tiles, of which one may recur."""
        self._seen[tile_ids] = True
        rest = np.arange(len(tile_ids))
        while len(rest):
            # An indexed assignment keeps one of several for the same tile.
            rows = rest[np.unique(tile_ids[rest], return_index=True)[1]]
            ids = torch.from_numpy(tile_ids[rows]).to(errors.device)
            self._errors[:, ids] |= errors[:, torch.from_numpy(rows).to(errors.device)]
            rest = np.setdiff1d(rest, rows)

    def _keep_samples(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._samples = output["data_samples"]

    def _keep_logits(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self._logits = output.detach()


def _any_of(each: Sequence[Tensor]) -> Tensor:
    found = each[0]
    for other in each[1:]:
        found = found | other
    return found
