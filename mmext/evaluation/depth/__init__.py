from .alignment import least_squares_alignment, median_ratio
from .checkerboard import checkerboard
from .crops import CROPS, crop_mask
from .depth_scores import SCORES, DepthSums, depth_sums, mean_scores
from .structure_scores import (
    STRUCTURE_SCORES,
    StructureScorer,
    mean_structure_scores,
)

__all__ = [
    "CROPS",
    "SCORES",
    "STRUCTURE_SCORES",
    "DepthSums",
    "StructureScorer",
    "checkerboard",
    "crop_mask",
    "depth_sums",
    "least_squares_alignment",
    "mean_scores",
    "mean_structure_scores",
    "median_ratio",
]
