from .alignment import least_squares_alignment, median_ratio
from .crops import CROPS, crop_mask
from .depth_scores import SCORES, DepthSums, depth_sums, mean_scores

__all__ = [
    "CROPS",
    "SCORES",
    "DepthSums",
    "crop_mask",
    "depth_sums",
    "least_squares_alignment",
    "mean_scores",
    "median_ratio",
]
