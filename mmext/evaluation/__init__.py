from .metrics import BinarySegMetric, CappedDepthMetric

__all__ = ["BinarySegMetric", "CappedDepthMetric"]
