from .many_scenes import predict_scenes
from .predict_scene import PredictionSettings, SceneResult, predict_scene

__all__ = ["PredictionSettings", "SceneResult", "predict_scene", "predict_scenes"]
