from .abs_rel import AbsRelLoss, abs_rel_loss
from .depth_maps import DepthMaps, Space, valid_depth
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
    "DepthMaps",
    "EdgePreservingLoss",
    "GradientConsistencyLoss",
    "SILogLoss",
    "Space",
    "StructureGradientLoss",
    "StructureGuidedSmoothLoss",
    "abs_rel_loss",
    "edge_preserving_loss",
    "gradient_consistency_loss",
    "silog_loss",
    "structure_gradient_loss",
    "structure_guided_smooth_loss",
    "valid_depth",
]
