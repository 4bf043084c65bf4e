from .label_source import LabelSource
from .raster import RasterLabels
from .reading import RASTER_SUFFIXES, read_labels
from .vector import VectorLabels

__all__ = [
    "RASTER_SUFFIXES",
    "LabelSource",
    "RasterLabels",
    "VectorLabels",
    "read_labels",
]
