"""Binary cross-entropy plus soft Dice."""

from torch import Tensor, nn

from mmext.checked import NotNegative, Positive
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import masked_probabilities
from .masked_bce import masked_bce_with_logits


def dice_loss(
    logits: Tensor, target: Tensor, smooth: float = 1.0, ignore_index: int = IGNORE
) -> Tensor:
    """Soft Dice loss over all pixels of a batch together.

    1 − (2 Σ p·y + s) / (Σ p + Σ y + s) (Milletari et al., "V-Net", 2016, with plain
    sums below the line). mmseg's ``DiceLoss`` is inverted on one channel.

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        smooth: s, in pixels; makes an empty prediction of an empty batch right.
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar in [0, 1).
    """
    probability, truth = masked_probabilities(logits, target, ignore_index)
    overlap = 2 * (probability * truth).sum()
    return 1 - (overlap + smooth) / (probability.sum() + truth.sum() + smooth)


@MODELS.register_module()
class BCEDiceLoss(nn.Module):
    """The sum of binary cross-entropy and :func:`dice_loss`.

    Args:
        dice_weight: Factor of the Dice loss within the sum.
        smooth: Pixels added above and below the Dice coefficient.
        loss_weight: Factor of the sum.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        dice_weight: NotNegative = 1.0,
        smooth: Positive = 1.0,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.dice_weight = dice_weight
        self.smooth = smooth
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        bce = masked_bce_with_logits(logits, target, self.ignore_index)
        dice = dice_loss(logits, target, self.smooth, self.ignore_index)
        return self.loss_weight * (bce + self.dice_weight * dice)
