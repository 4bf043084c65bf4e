from .abs_rel import AbsRelLoss, abs_rel_loss
from .confident_consistency import ConfidentConsistencyLoss, teacher_confidence
from .depth_maps import DepthMaps, valid_depth
from .edge_preserving import EdgePreservingLoss, edge_preserving_loss
from .gradient_consistency import GradientConsistencyLoss, gradient_consistency_loss
from .silog import SILogLoss, silog_loss
from .structure_gradient import StructureGradientLoss, structure_gradient_loss
from .structure_guided_smooth import (
    StructureGuidedSmoothLoss,
    structure_guided_smooth_loss,
)

__all__ = [
    "AbsRelLoss",
    "ConfidentConsistencyLoss",
    "DepthMaps",
    "EdgePreservingLoss",
    "GradientConsistencyLoss",
    "SILogLoss",
    "StructureGradientLoss",
    "StructureGuidedSmoothLoss",
    "abs_rel_loss",
    "edge_preserving_loss",
    "gradient_consistency_loss",
    "silog_loss",
    "structure_gradient_loss",
    "structure_guided_smooth_loss",
    "teacher_confidence",
    "valid_depth",
]
