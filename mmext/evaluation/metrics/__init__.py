from .binary_seg_metric import BinarySegMetric
from .depth_metric import CappedDepthMetric

__all__ = ["BinarySegMetric", "CappedDepthMetric"]
