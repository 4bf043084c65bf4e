"""One minus the soft IoU of a batch."""

from torch import Tensor, nn

from mmext.checked import NotNegative, Positive
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked import masked_probabilities


def soft_iou_loss(
    logits: Tensor, target: Tensor, smooth: float = 1.0, ignore_index: int = IGNORE
) -> Tensor:
    """Soft IoU loss over all pixels of a batch together.

    1 − (Σ p·y + s) / (Σ (p + y − p·y) + s), with the sums over the whole batch
    (Rahman & Wang 2016; over the batch rather than per image as in Huang et al.,
    "Batching Soft IoU for Training Semantic Segmentation Networks", 2020). Per
    image an empty tile would count as much as one that is full of target.

    Args:
        logits: (N, H, W).
        target: (N, H, W) integers in {0, 1, ignore_index}.
        smooth: s, in pixels; makes an empty prediction of an empty batch right.
        ignore_index: Target value of pixels that don't count.

    Returns:
        A scalar in [0, 1).
    """
    probability, truth = masked_probabilities(logits, target, ignore_index)
    intersection = (probability * truth).sum()
    union = probability.sum() + truth.sum() - intersection
    return 1 - (intersection + smooth) / (union + smooth)


@MODELS.register_module()
class SoftIoULoss(nn.Module):
    """:func:`soft_iou_loss` as a module.

    Args:
        smooth: Pixels added above and below the fraction.
        loss_weight: Factor of the loss.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        smooth: Positive = 1.0,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.smooth = smooth
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        value = soft_iou_loss(logits, target, self.smooth, self.ignore_index)
        return self.loss_weight * value
