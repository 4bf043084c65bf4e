"""The unified focal loss of a binary map."""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from mmext.checked import BelowOne, NotNegative, Share
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import at_least_float32

_EPS = 1e-12


def asymmetric_focal_loss(
    logits: Tensor,
    target: Tensor,
    delta: float = 0.6,
    gamma: float = 0.5,
    ignore_index: int = IGNORE,
) -> Tensor:
    """Cross-entropy in which only easy background is pushed down.

    Mean of −δ ln p on target and −(1 − δ) p^γ ln(1 − p) on background (Yeung et al.,
    "Unified Focal loss", 2022, equation 18).

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        delta: Weight of target pixels, in [0, 1].
        gamma: Suppression of easy background, in [0, 1).
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel counts.
    """
    valid = target != ignore_index
    logits = at_least_float32(logits).masked_fill(~valid, 0)
    on_target = -delta * functional.logsigmoid(logits)
    easy = (gamma * functional.logsigmoid(logits)).exp()
    on_background = -(1 - delta) * easy * functional.logsigmoid(-logits)
    losses = torch.where(target == 1, on_target, on_background)
    return (losses * valid).sum() / valid.sum().clamp(min=1)


def asymmetric_focal_tversky_loss(
    logits: Tensor,
    target: Tensor,
    delta: float = 0.6,
    gamma: float = 0.5,
    smooth: float = 1.0,
    ignore_index: int = IGNORE,
) -> Tensor:
    """Tversky loss of both classes, the target's pressed on while it is poor.

    ((1 − mTI_background) + (1 − mTI_target)^(1 − γ)) / 2 with
    mTI = (TP + s) / (TP + δ FN + (1 − δ) FP + s) of each class, over the whole batch
    (Yeung et al. 2022, equation 19; the mean of the classes as in their code).

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        delta: Weight of false negatives.
        gamma: Enhancement of the target, in [0, 1).
        smooth: s, in pixels.
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar in [0, 1).
    """
    valid = (target != ignore_index).float()
    logits = at_least_float32(logits).masked_fill(valid == 0, 0)
    probability, truth = logits.sigmoid(), (target == 1).to(logits.dtype)
    shortfalls = []
    for p, y in ((1 - probability, 1 - truth), (probability, truth)):
        tp = (p * y * valid).sum()
        fn = ((1 - p) * y * valid).sum()
        fp = (p * (1 - y) * valid).sum()
        miss = delta * fn + (1 - delta) * fp
        shortfalls.append(miss / (tp + miss + smooth))
    background, positive = shortfalls
    # The power's slope is infinite at 0.
    focused = (positive + _EPS) ** (1 - gamma) - _EPS ** (1 - gamma)
    return (background + focused) / 2


@MODELS.register_module()
class UnifiedFocalLoss(nn.Module):
    """λ times the asymmetric focal and 1 − λ times the asymmetric focal Tversky loss.

    Yeung et al. 2022, equation 20, with their λ = 0.5, δ = 0.6 and γ = 0.5.

    Args:
        balance: λ, in [0, 1].
        delta: Weight of target pixels and of false negatives.
        gamma: Suppression of easy background, enhancement of the target.
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        balance: Share = 0.5,
        delta: Share = 0.6,
        gamma: BelowOne = 0.5,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.balance = balance
        self.delta = delta
        self.gamma = gamma
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        focal = asymmetric_focal_loss(
            logits, target, self.delta, self.gamma, self.ignore_index
        )
        tversky = asymmetric_focal_tversky_loss(
            logits,
            target,
            self.delta,
            self.gamma,
            ignore_index=self.ignore_index,
        )
        both = self.balance * focal + (1 - self.balance) * tversky
        return self.loss_weight * both
