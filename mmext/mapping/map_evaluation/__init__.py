from .area import VECTOR_SUFFIXES
from .evaluating import evaluate_map

__all__ = ["VECTOR_SUFFIXES", "evaluate_map"]
