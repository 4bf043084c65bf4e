"""Binary cross-entropy of the hardest pixels."""

import math

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from mmext.checked import NotNegative, PositiveShare, checked
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import at_least_float32


def ohem_bce_with_logits(
    logits: Tensor, target: Tensor, keep: float = 0.25, ignore_index: int = IGNORE
) -> Tensor:
    """Mean cross-entropy over the share of a batch's pixels that has most of it.

    Online hard example mining (Shrivastava et al. 2016) by pixels: of the M pixels
    that count, the ⌈keep · M⌉ with the highest loss.

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        keep: Share of the pixels, in (0, 1]; 1 is plain cross-entropy.
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel counts.
    """
    valid = target != ignore_index
    logits = at_least_float32(logits)[valid]
    if not len(logits):
        return logits.sum()
    losses = functional.binary_cross_entropy_with_logits(
        logits, target[valid].to(logits.dtype), reduction="none"
    )
    number = math.ceil(keep * len(losses))
    return torch.topk(losses, number, sorted=False).values.mean()


@MODELS.register_module()
class OHEMBCELoss(nn.Module):
    """:func:`ohem_bce_with_logits` as a module.

    Args:
        keep: Share of the pixels, in (0, 1].
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        keep: PositiveShare = 0.25,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.keep = checked(PositiveShare, keep, "OHEMBCELoss.keep")
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        value = ohem_bce_with_logits(logits, target, self.keep, self.ignore_index)
        return self.loss_weight * value
