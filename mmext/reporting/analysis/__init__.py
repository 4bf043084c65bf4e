"""Any trainings side by side: learning curves, confusion by class, worst tiles."""

from .write_analysis import write_analysis

__all__ = ["write_analysis"]
