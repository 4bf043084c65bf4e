"""Binary cross-entropy plus soft IoU."""

from torch import Tensor, nn

from mmext.checked import NotNegative, Positive
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS

from .masked_bce import masked_bce_with_logits
from .soft_iou import soft_iou_loss


@MODELS.register_module()
class BCEIoULoss(nn.Module):
    """The sum of binary cross-entropy and soft IoU loss (Ahn et al. 2025, Figure 3).

    The paper gives no formula, and what it cites for this loss is a survey of image
    augmentation; the two terms are the plain reading of the name.

    Args:
        iou_weight: Factor of the soft IoU loss within the sum.
        smooth: Pixels added above and below the soft IoU.
        loss_weight: Factor of the sum.
        ignore_index: Target value of pixels that don't count.
    """

    def __init__(
        self,
        iou_weight: NotNegative = 1.0,
        smooth: Positive = 1.0,
        loss_weight: NotNegative = 1.0,
        ignore_index: int = IGNORE,
    ) -> None:
        super().__init__()
        self.iou_weight = iou_weight
        self.smooth = smooth
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted loss of (N, H, W) logits and targets."""
        bce = masked_bce_with_logits(logits, target, self.ignore_index)
        iou = soft_iou_loss(logits, target, self.smooth, self.ignore_index)
        return self.loss_weight * (bce + self.iou_weight * iou)
