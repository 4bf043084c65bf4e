from .drawing import draw_points
from .from_points import estimate_from_points
from .from_validation import estimate_from_validation

__all__ = ["draw_points", "estimate_from_points", "estimate_from_validation"]
