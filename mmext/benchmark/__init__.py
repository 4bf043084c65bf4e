"""Speed against named yardsticks."""

from .run import PARTS, benchmark_all

__all__ = ["PARTS", "benchmark_all"]
