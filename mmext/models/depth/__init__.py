from .depth_estimator import DepthEstimator
from .depth_head import DepthHead

__all__ = ["DepthEstimator", "DepthHead"]
