from .backbones import UNet3
from .data_preprocessors import BandNormalizer
from .decode_heads import DualHead, MultiLabelHead
from .decoders import UnionDecoder
from .losses import BCEIoULoss, FocalTverskyLoss, MaskedBCEWithLogitsLoss, SoftIoULoss
from .segmentors import BinarySegmentor, BinaryTTAModel

__all__ = [
    "BCEIoULoss",
    "BandNormalizer",
    "BinarySegmentor",
    "BinaryTTAModel",
    "DualHead",
    "FocalTverskyLoss",
    "MaskedBCEWithLogitsLoss",
    "MultiLabelHead",
    "SoftIoULoss",
    "UNet3",
    "UnionDecoder",
]
