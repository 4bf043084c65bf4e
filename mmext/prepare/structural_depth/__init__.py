from .make_maps import FILL, make_structural_maps, make_true_maps
from .onnx_teacher import NORMALISATIONS, OnnxFacts, OnnxTeacher
from .open_dataset import open_dataset
from .teacher import Teacher
from .transformers_teacher import TransformersTeacher

__all__ = [
    "FILL",
    "NORMALISATIONS",
    "OnnxFacts",
    "OnnxTeacher",
    "Teacher",
    "TransformersTeacher",
    "make_structural_maps",
    "make_true_maps",
    "open_dataset",
]
