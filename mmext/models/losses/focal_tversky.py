"""The Focal Tversky loss."""

from torch import Tensor, nn

from mmext.checked import NotNegative, Positive
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import masked_probabilities

_EPS = 1e-7


def focal_tversky_loss(
    logits: Tensor,
    target: Tensor,
    alpha: float = 0.7,
    beta: float = 0.3,
    gamma: float = 4 / 3,
    smooth: float = 1.0,
    ignore_index: int = IGNORE,
) -> Tensor:
    """Focal Tversky loss over all pixels of a batch together.

    TI = (Σ p·y + s) / (Σ p·y + α Σ (1 − p)·y + β Σ p·(1 − y) + s) and
    FTL = (1 − TI)^(1/γ) (Abraham & Khan, "A Novel Focal Tversky Loss Function with
    Improved Attention U-Net for Lesion Segmentation", 2019, with their α = 0.7 on
    false negatives, β = 0.3 on false positives and γ = 4/3). Their s only keeps
    the fraction defined; here it is a pixel, so that a batch without target does
    not count as wholly missed for a trace of probability.

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        alpha: Weight of false negatives.
        beta: Weight of false positives.
        gamma: Focus; above 1 it presses on what is half right.
        smooth: s, in pixels.
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar in [0, 1).
    """
    probability, truth = masked_probabilities(logits, target, ignore_index)
    tp = (probability * truth).sum()
    fn = ((1 - probability) * truth).sum()
    fp = (probability * (1 - truth)).sum()
    miss = alpha * fn + beta * fp
    # 1 − TI, written so that it is exactly 0 where nothing is missed; the power's
    # slope is infinite there, so a gradient needs a hair's breadth.
    shortfall = miss / (tp + miss + smooth)
    return (shortfall + _EPS) ** (1 / gamma) - _EPS ** (1 / gamma)


@MODELS.register_module()
class FocalTverskyLoss(nn.Module):
    """:func:`focal_tversky_loss` as a module.

    Args:
        alpha: Weight of false negatives.
        beta: Weight of false positives.
        gamma: Focus.
        smooth: Pixels added above and below the Tversky index.
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        alpha: NotNegative = 0.7,
        beta: NotNegative = 0.3,
        gamma: Positive = 4 / 3,
        smooth: Positive = 1.0,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.smooth = smooth
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        value = focal_tversky_loss(
            logits,
            target,
            self.alpha,
            self.beta,
            self.gamma,
            self.smooth,
            self.ignore_index,
        )
        return self.loss_weight * value
