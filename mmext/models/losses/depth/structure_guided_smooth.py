"""Keeping the metric depth smooth except at the structural depth's edges."""

import torch
from torch import Tensor, nn

from mmext.checked import NotNegative
from mmext.models.losses.masked import at_least_float32
from mmext.registry import MODELS

from .alignment import without_scale_and_shift
from .depth_maps import DepthMaps
from .gradients import edge_aware_smoothness


def structure_guided_smooth_loss(
    metric: Tensor, structural: Tensor, sharpness: float = 10.0
) -> Tensor:
    """Edge-aware smoothness of the metric depth, with the structural depth's edges.

    mean(|∂x m*| exp(−a |∂x s|)) + mean(|∂y m*| exp(−a |∂y s|)), m* = m / mean(m) of
    each image, s the structural depth after
    :func:`~.alignment.without_scale_and_shift` (Godard et al. 2017, equation 5, the
    structural depth in place of the image). It needs no truth and acts on every
    pixel, also where none was measured. The structural depth gets no gradient: it
    must not grow edges to make the metric depth cheaper.

    Args:
        metric: (N, 1, H, W), > 0.
        structural: (N, 1, H, W), any scale and shift.
        sharpness: a. A step of one mean absolute deviation costs exp(−a) of what it
            costs on a surface.

    Returns:
        A scalar ≥ 0.
    """
    metric = at_least_float32(metric)
    return edge_aware_smoothness(
        metric / metric.mean(dim=(1, 2, 3), keepdim=True),
        without_scale_and_shift(structural.detach()),
        torch.ones_like(metric, dtype=torch.bool),
        sharpness,
    )


@MODELS.register_module()
class StructureGuidedSmoothLoss(nn.Module):
    """:func:`structure_guided_smooth_loss` of the two predictions.

    Args:
        sharpness: How strongly an edge is forgiven.
        loss_weight: Factor of the loss.
    """

    def __init__(
        self, sharpness: NotNegative = 10.0, loss_weight: NotNegative = 1.0
    ) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        value = structure_guided_smooth_loss(
            maps.metric, maps.structural, self.sharpness
        )
        return self.loss_weight * value
