"""Making the two predicted depths agree in structure."""

import torch
from torch import Tensor, nn

from mmext.checked import Count, NotNegative
from mmext.models.losses.masked import at_least_float32
from mmext.registry import MODELS

from .alignment import without_scale_and_shift
from .depth_maps import DepthMaps
from .gradients import multi_scale_gradient_error


def gradient_consistency_loss(
    metric: Tensor,
    structural: Tensor,
    structural_space: str,
    scales: int = 4,
    confidence: Tensor | None = None,
) -> Tensor:
    """Multi-scale difference of the two depths' gradients, scale and shift apart.

    Σ_k mean(|∂x R_k| + |∂y R_k|), R = m − s, both after
    :func:`~.alignment.without_scale_and_shift`, m the metric depth or its inverse,
    whichever the structural depth is. The paper names the constraint without a
    formula; this is the gradient matching of Ranftl et al. 2020 (equation 11)
    between the two outputs. It needs no truth and moves both.

    Args:
        metric: (N, 1, H, W), metres, > 0.
        structural: (N, 1, H, W), any scale and shift.
        structural_space: 'depth' or 'inverse_depth'.
        scales: How often the maps are halved, plus one.
        confidence: (N, 1, H, W) in [0, 1], how much each pixel counts; what has 0
            doesn't count for median and deviation either. None is 1.

    Returns:
        A scalar ≥ 0.
    """
    metric = at_least_float32(metric)
    if structural_space == "inverse_depth":
        metric = 1 / metric
    if confidence is None:
        confidence = torch.ones_like(metric)
    mask = confidence > 0
    return multi_scale_gradient_error(
        without_scale_and_shift(metric, mask),
        without_scale_and_shift(structural, mask),
        mask,
        scales,
        confidence,
    )


@MODELS.register_module()
class GradientConsistencyLoss(nn.Module):
    """:func:`gradient_consistency_loss` of the two predictions.

    Args:
        scales: Number of scales.
        loss_weight: Factor of the loss.
    """

    def __init__(self, scales: Count = 4, loss_weight: NotNegative = 1.0) -> None:
        super().__init__()
        self.scales = scales
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        value = gradient_consistency_loss(
            maps.metric, maps.structural, maps.structural_space, self.scales
        )
        return self.loss_weight * value
