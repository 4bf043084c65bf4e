"""What all the losses share: float32, and no ignored pixels."""

import torch
from torch import Tensor

IGNORE = 255


def masked_probabilities(
    logits: Tensor, target: Tensor, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """Probabilities and targets of the pixels that count, flattened.

    Args:
        logits: (N, H, W), any float dtype.
        target: (N, H, W) integers in {0, 1, ignore_index}.
        ignore_index: Target value of pixels that don't count.

    Returns:
        Two (P,) tensors of float32 (float64 for float64 logits).
    """
    valid = target != ignore_index
    probabilities = at_least_float32(logits)[valid].sigmoid()
    return probabilities, target[valid].to(probabilities.dtype)


def at_least_float32(logits: Tensor) -> Tensor:
    """Undo autocast's half precision, in which sums over pixels overflow."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
