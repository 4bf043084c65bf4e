from .point_cloud import Intrinsics
from .predict_files import OutputSettings, predict_files
from .predictor import DepthPrediction, DepthPredictor
from .thermal_source import ThermalSource

__all__ = [
    "DepthPrediction",
    "DepthPredictor",
    "Intrinsics",
    "OutputSettings",
    "ThermalSource",
    "predict_files",
]
