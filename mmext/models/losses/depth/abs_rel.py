"""Relative error of the metric depth."""

from torch import Tensor, nn

from mmext.checked import NotNegative
from mmext.models.losses.masked import at_least_float32
from mmext.registry import MODELS

from .depth_maps import DepthMaps, valid_depth


def abs_rel_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of |p − d| / d over the valid pixels of the batch.

    The AbsRel of Eigen et al. 2014 (section 4.3) as a loss.

    Args:
        prediction: (N, 1, H, W), metres.
        target: (N, 1, H, W), metres, > 0 where valid.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel is valid.
    """
    mask = valid_depth(target)
    prediction = at_least_float32(prediction)
    truth = target.to(prediction.dtype).masked_fill(~mask, 1)
    error = ((prediction - truth) / truth).masked_fill(~mask, 0)
    return error.abs().sum() / mask.sum().clamp(min=1)


@MODELS.register_module()
class AbsRelLoss(nn.Module):
    """:func:`abs_rel_loss` of the metric depth.

    Args:
        loss_weight: Factor of the loss.
    """

    #: What of a sample it compares with.
    targets = ("depth",)

    def __init__(self, loss_weight: NotNegative = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        return self.loss_weight * abs_rel_loss(maps.metric, maps.true_depth())
