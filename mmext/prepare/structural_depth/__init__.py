from .make_maps import (
    FILL,
    Teacher,
    make_structural_maps,
    make_true_maps,
    open_dataset,
)
from .onnx_teacher import NORMALISATIONS, OnnxFacts, OnnxTeacher
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
