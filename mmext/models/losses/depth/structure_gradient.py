"""Making the structural depth's gradients those of the teacher."""

from torch import Tensor, nn

from mmext.checked import Count, NotNegative
from mmext.registry import MODELS

from .alignment import without_scale_and_shift
from .depth_maps import DepthMaps, valid_depth
from .gradients import multi_scale_gradient_error


def structure_gradient_loss(
    prediction: Tensor, target: Tensor, scales: int = 4
) -> Tensor:
    """Multi-scale gradient matching of maps freed of scale and shift.

    Σ_k mean(|∂x R_k| + |∂y R_k|), R the difference of the two maps after
    :func:`~.alignment.without_scale_and_shift` (Ranftl et al. 2020, equations 6 and
    11): the depth differences of neighbouring pixels, near and far.

    Args:
        prediction: (N, 1, H, W), any scale and shift.
        target: (N, 1, H, W), > 0 where valid, any scale and shift.
        scales: How often the maps are halved, plus one.

    Returns:
        A scalar ≥ 0; 0 with zero gradients if no pixel is valid.
    """
    mask = valid_depth(target)
    return multi_scale_gradient_error(
        without_scale_and_shift(prediction, mask),
        without_scale_and_shift(target, mask),
        mask,
        scales,
    )


@MODELS.register_module()
class StructureGradientLoss(nn.Module):
    """:func:`structure_gradient_loss` of the structural depth against the teacher.

    Args:
        scales: Number of scales.
        loss_weight: Factor of the loss.
    """

    #: What of a sample it compares with.
    targets = ("structural",)

    def __init__(self, scales: Count = 4, loss_weight: NotNegative = 1.0) -> None:
        super().__init__()
        self.scales = scales
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        value = structure_gradient_loss(
            maps.structural, maps.true_structure(), self.scales
        )
        return self.loss_weight * value
