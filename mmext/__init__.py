"""Error-aware segmentation of sparse targets, on mmseg."""

__version__ = "0.1.0"
