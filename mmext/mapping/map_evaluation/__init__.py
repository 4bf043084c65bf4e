from .area import VECTOR_SUFFIXES
from .evaluating import evaluate_map
from .many_maps import Question, evaluate_maps

__all__ = ["VECTOR_SUFFIXES", "Question", "evaluate_map", "evaluate_maps"]
