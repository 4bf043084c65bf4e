from .choose import installed_backends, open_predictor
from .export import export_onnx
from .int8 import export_int8

__all__ = ["export_int8", "export_onnx", "installed_backends", "open_predictor"]
