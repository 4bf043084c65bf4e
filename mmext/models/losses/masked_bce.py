"""Binary cross-entropy that leaves ignored pixels out."""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from mmext.checked import NotNegative
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import at_least_float32


def masked_bce_with_logits(
    logits: Tensor,
    target: Tensor,
    ignore_index: int = IGNORE,
    weight: Tensor | None = None,
) -> Tensor:
    """Mean binary cross-entropy over the pixels that count.

    ``torch.nn.BCEWithLogitsLoss``, the loss of Ahn et al. 2025 (section II.4):
    −mean(y ln σ(x) + (1 − y) ln(1 − σ(x))).

    Args:
        logits: (N, H, W).
        target: (N, H, W) in [0, 1], or ignore_index.
        ignore_index: Target value of pixels that don't count.
        weight: (N, H, W) ≥ 0, for a weighted mean; None means all alike.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel counts.
    """
    ignored = target == ignore_index
    logits = at_least_float32(logits).masked_fill(ignored, 0)
    counted = (~ignored).to(logits.dtype)
    if weight is not None:
        counted = counted * weight
    total = functional.binary_cross_entropy_with_logits(
        logits,
        target.masked_fill(ignored, 0).to(logits.dtype),
        weight=counted,
        reduction="sum",
    )
    # Without a pixel that counts the sum is 0, whatever it is divided by.
    return total / counted.sum().clamp(min=torch.finfo(logits.dtype).tiny)


@MODELS.register_module()
class MaskedBCEWithLogitsLoss(nn.Module):
    """:func:`masked_bce_with_logits` as a module.

    Args:
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self, loss_weight: NotNegative = 1.0, ignore_index: int = IGNORE
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(
        self, logits: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """The weighted loss of (N, H, W) logits, targets and pixel weights."""
        value = masked_bce_with_logits(logits, target, self.ignore_index, weight)
        return self.loss_weight * value
