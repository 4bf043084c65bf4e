from .binary_segmentor import BinarySegmentor
from .binary_tta import BinaryTTAModel

__all__ = ["BinarySegmentor", "BinaryTTAModel"]
