"""Error-aware segmentation of sparse targets and thermal depth, on mmseg."""

__version__ = "0.1.0"
