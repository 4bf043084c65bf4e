from .choose import BACKENDS, open_predictor
from .eager import PRECISIONS
from .export import export_onnx

__all__ = ["BACKENDS", "PRECISIONS", "export_onnx", "open_predictor"]
