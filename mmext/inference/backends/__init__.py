from .choose import open_predictor
from .export import export_onnx

__all__ = ["export_onnx", "open_predictor"]
