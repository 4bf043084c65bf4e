from .choose import BACKENDS, open_predictor
from .export import export_onnx

__all__ = ["BACKENDS", "export_onnx", "open_predictor"]
