"""Error of the metric depth that is blind, or half blind, to its scale."""

import torch
from torch import Tensor, nn

from mmext.checked import NotNegative, Share, checked
from mmext.models.losses.masked import at_least_float32
from mmext.registry import MODELS

from .depth_maps import DepthMaps, valid_depth

# The root's slope is infinite at a perfect prediction; this bounds it to 500 and
# changes the value by at most 0.001.
_UNDER_ROOT = 1e-6
_SMALLEST = 1e-6  # metres


def silog_loss(
    prediction: Tensor, target: Tensor, silog_lambda: float = 0.85
) -> Tensor:
    """Scale-invariant logarithmic loss.

    Per image √(mean(g²) − λ mean(g)²), g = ln p − ln d over its valid pixels; then
    the mean over images that have any. λ = 1 takes no notice of the scale, λ = 0 is
    RMSElog. The bracket is that of Eigen et al. 2014 (equation 4), the root and λ =
    0.85 those of Lee et al. 2019, who multiply by 10 (``loss_weight``).

    Args:
        prediction: (N, 1, H, W), metres, > 0.
        target: (N, 1, H, W), metres, > 0 where valid.
        silog_lambda: λ in [0, 1].

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel is valid.
    """
    mask = valid_depth(target)
    prediction = at_least_float32(prediction).masked_fill(~mask, 1)
    truth = target.to(prediction.dtype).masked_fill(~mask, 1)
    # A prediction below the smallest has no gradient; the head's never is.
    g = prediction.clamp(min=_SMALLEST).log() - truth.log()
    count = mask.sum(dim=(1, 2, 3))
    mean = g.sum(dim=(1, 2, 3)) / count.clamp(min=1)
    centred = (g - mean.view(-1, 1, 1, 1)).masked_fill(~mask, 0)
    variance = centred.square().sum(dim=(1, 2, 3)) / count.clamp(min=1)
    # mean(g²) − λ mean(g)², without the difference of two near numbers.
    bracket = variance + (1 - silog_lambda) * mean.square()
    root = torch.sqrt(bracket + _UNDER_ROOT) - _UNDER_ROOT**0.5
    return root.sum() / (count > 0).sum().clamp(min=1)


@MODELS.register_module()
class SILogLoss(nn.Module):
    """:func:`silog_loss` of the metric depth.

    mmseg's ``SiLogLoss`` has no finite gradient at a perfect prediction.

    Args:
        silog_lambda: λ in [0, 1]: how little notice is taken of the scale.
        loss_weight: Factor of the loss.

    Raises:
        UserError: λ is outside [0, 1], where the root may not exist.
    """

    #: What of a sample it compares with.
    targets = ("depth",)

    def __init__(
        self, silog_lambda: Share = 0.85, loss_weight: NotNegative = 1.0
    ) -> None:
        super().__init__()
        self.silog_lambda = checked(Share, silog_lambda, "SILogLoss.silog_lambda")
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        value = silog_loss(maps.metric, maps.true_depth(), self.silog_lambda)
        return self.loss_weight * value
