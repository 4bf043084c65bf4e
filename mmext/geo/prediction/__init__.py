from .backends import BACKENDS, PRECISIONS, export_onnx, open_predictor
from .many_scenes import predict_scenes
from .predict_scene import SceneResult, predict_scene
from .predictor import Predictor
from .settings import PredictionSettings

__all__ = [
    "BACKENDS",
    "PRECISIONS",
    "PredictionSettings",
    "Predictor",
    "SceneResult",
    "export_onnx",
    "open_predictor",
    "predict_scene",
    "predict_scenes",
]
