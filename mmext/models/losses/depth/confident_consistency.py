"""Consistency of the two depths where the teacher can be trusted."""

import torch
from torch import Tensor, nn

from mmext.checked import Count, NotNegative, Positive
from mmext.models.losses.masked import at_least_float32
from mmext.registry import MODELS

from .alignment import without_scale_and_shift
from .depth_maps import DepthMaps, valid_depth
from .gradient_consistency import gradient_consistency_loss


def teacher_confidence(
    teacher: Tensor, truth: Tensor, structural_space: str, tolerance: float
) -> Tensor:
    """How far a teacher's map agrees with the depth that was measured.

    exp(−|t − u| / tolerance), t the teacher's map and u the true depth or its inverse,
    both after :func:`~.alignment.without_scale_and_shift` over the pixels that have
    both: the unit is the mean deviation of the scene's depth from its median. Where
    either is unknown the confidence is 0. MonoTher-Depth (Zuo et al. 2025,
    arXiv:2504.16127) weights what it learns from its teacher by a confidence, which it
    predicts; here it is known, since training has the truth.

    Args:
        teacher: (N, 1, H, W), any scale and shift, > 0 where valid.
        truth: (N, 1, H, W) metres, > 0 where valid.
        structural_space: 'depth' or 'inverse_depth': what the teacher's map is.
        tolerance: Difference at which the confidence is 1 / e.

    Returns:
        (N, 1, H, W) float32 (float64 for float64 maps) in [0, 1], without gradient.
    """
    mask = valid_depth(teacher) & valid_depth(truth)
    truth = at_least_float32(truth.detach()).masked_fill(~mask, 1)
    if structural_space == "inverse_depth":
        truth = 1 / truth
    difference = without_scale_and_shift(teacher.detach(), mask)
    difference = difference - without_scale_and_shift(truth, mask)
    return torch.exp(-difference.abs() / tolerance).masked_fill(~mask, 0)


@MODELS.register_module()
class ConfidentConsistencyLoss(nn.Module):
    """:class:`~.GradientConsistencyLoss`, by :func:`teacher_confidence` of each pixel.

    Args:
        tolerance: See :func:`teacher_confidence`.
        scales: Number of scales.
        loss_weight: Factor of the loss.
    """

    #: What of a sample it compares with.
    targets = ("depth", "structural")

    def __init__(
        self,
        tolerance: Positive = 0.5,
        scales: Count = 4,
        loss_weight: NotNegative = 1.0,
    ) -> None:
        super().__init__()
        self.tolerance = tolerance
        self.scales = scales
        self.loss_weight = loss_weight

    def forward(self, maps: DepthMaps) -> Tensor:
        """The weighted loss."""
        confidence = teacher_confidence(
            maps.true_structure(),
            maps.true_depth(),
            maps.structural_space,
            self.tolerance,
        )
        value = gradient_consistency_loss(
            maps.metric,
            maps.structural,
            maps.structural_space,
            self.scales,
            confidence,
        )
        return self.loss_weight * value
