"""What all the losses share: float32, and no ignored pixels."""

import torch
from torch import Tensor


def masked_probabilities(
    logits: Tensor, target: Tensor, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """Probabilities and targets, both 0 with no gradient at ignored pixels.

    Masked, not picked out: a GPU would have to wait for the number of pixels picked,
    and their gradients are three times slower to write back on a CPU.

    Args:
        logits: (N, H, W), any float dtype.
        target: (N, H, W) integers in {0, 1, ignore_index}.
        ignore_index: Target value of pixels that don't count.

    Returns:
        Two (N, H, W) tensors of float32 (float64 for float64 logits).
    """
    ignored = target == ignore_index
    logits = at_least_float32(logits).masked_fill(ignored, -torch.inf)
    return logits.sigmoid(), target.masked_fill(ignored, 0).to(logits.dtype)


def at_least_float32(logits: Tensor) -> Tensor:
    """Undo autocast's half precision, in which sums over pixels overflow."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
