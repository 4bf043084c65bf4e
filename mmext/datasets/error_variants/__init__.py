"""Other masks in the place of the accumulated errors: controls and refinements."""

from .boundary_band import BoundaryBand
from .minimum_count import MinimumCount
from .shuffled_errors import ShuffledErrors
from .target_copy import TargetCopy

__all__ = ["BoundaryBand", "MinimumCount", "ShuffledErrors", "TargetCopy"]
