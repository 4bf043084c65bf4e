from mmext.geo.prediction_settings import PredictionSettings

from .backends import export_onnx, open_predictor
from .many_scenes import predict_scenes
from .predict_scene import SceneResult, predict_scene
from .predictor import Predictor

__all__ = [
    "PredictionSettings",
    "Predictor",
    "SceneResult",
    "export_onnx",
    "open_predictor",
    "predict_scene",
    "predict_scenes",
]
