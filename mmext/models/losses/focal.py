"""The focal loss of a binary map."""

import torch.nn.functional as functional
from torch import Tensor, nn

from mmext.checked import NotNegative, Share
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import at_least_float32


def focal_loss(
    logits: Tensor,
    target: Tensor,
    gamma: float = 2.0,
    alpha: float = 0.25,
    ignore_index: int = IGNORE,
) -> Tensor:
    """Mean focal loss over the pixels that count.

    −α_t (1 − p_t)^γ ln p_t (Lin et al., "Focal Loss for Dense Object Detection",
    2017, equation 5), α_t = α on target and 1 − α on background.

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        gamma: Focus on what is wrong.
        alpha: Weight of target pixels, in [0, 1].
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel counts.
    """
    valid = target != ignore_index
    logits = at_least_float32(logits).masked_fill(~valid, 0)
    positive = target == 1
    signed = logits.where(positive, -logits)
    log_right, log_wrong = functional.logsigmoid(signed), functional.logsigmoid(-signed)
    weight = positive.to(logits.dtype) * (2 * alpha - 1) + (1 - alpha)
    losses = -weight * (gamma * log_wrong).exp() * log_right
    return (losses * valid).sum() / valid.sum().clamp(min=1)


@MODELS.register_module()
class BinaryFocalLoss(nn.Module):
    """:func:`focal_loss` as a module.

    mmseg's ``FocalLoss`` needs compiled operators and fails on one channel.

    Args:
        gamma: Focus.
        alpha: Weight of target pixels.
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        gamma: NotNegative = 2.0,
        alpha: Share = 0.25,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.gamma = gamma
        self.alpha = alpha
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        value = focal_loss(logits, target, self.gamma, self.alpha, self.ignore_index)
        return self.loss_weight * value
