"""Keeping the structural depth continuous except at the teacher's edges."""

from torch import Tensor, nn

from mmext.checked import NotNegative
from mmext.registry import MODELS

from .alignment import without_scale_and_shift
from .depth_maps import DepthMaps, valid_depth
from .gradients import edge_aware_smoothness


def edge_preserving_loss(
    prediction: Tensor, target: Tensor, sharpness: float = 10.0
) -> Tensor:
    """Edge-aware smoothness of the structural depth, with the teacher's edges.

    mean(|∂x s| exp(−a |∂x t|)) + mean(|∂y s| exp(−a |∂y t|)), s and t the prediction
    and the teacher's map after :func:`~.alignment.without_scale_and_shift` (Godard
    et al. 2017, equation 5, the teacher's depth in place of the image): surfaces
    are continuous and edges stay where the teacher has them. It regularises, so its
    minimum is a flat map, not the teacher's: it goes with
    :func:`~.structure_gradient.structure_gradient_loss`.

    Args:
        prediction: (N, 1, H, W), any scale and shift.
        target: (N, 1, H, W), > 0 where valid, any scale and shift.
        sharpness: a. A step of one mean absolute deviation costs exp(−a) of what it
            costs on a surface.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel is valid.
    """
    mask = valid_depth(target)
    return edge_aware_smoothness(
        without_scale_and_shift(prediction, mask),
        without_scale_and_shift(target, mask),
        mask,
        sharpness,
    )


@MODELS.register_module()
class EdgePreservingLoss(nn.Module):
    """:func:`edge_preserving_loss` of the structural depth, with the teacher's edges.

    Args:
        sharpness: How strongly an edge is forgiven.
        loss_weight: Factor of the loss.
    """

    #: What of a sample it compares with.
    targets = ("structural",)

    def __init__(
        self, sharpness: NotNegative = 10.0, loss_weight: NotNegative = 1.0
    ) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        value = edge_preserving_loss(
            maps.structural, maps.true_structure(), self.sharpness
        )
        return self.loss_weight * value
