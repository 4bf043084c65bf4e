from .choose import installed_backends, open_predictor
from .export import export_onnx
from .for_qgis import export_for_qgis
from .int8 import export_int8

__all__ = [
    "export_for_qgis",
    "export_int8",
    "export_onnx",
    "installed_backends",
    "open_predictor",
]
