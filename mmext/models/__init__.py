from .backbones import UNet3
from .decode_heads import DualHead, MultiLabelHead
from .decoders import UnionDecoder
from .losses import BCEIoULoss, FocalTverskyLoss, MaskedBCEWithLogitsLoss, SoftIoULoss
from .segmentors import BinarySegmentor, BinaryTTAModel

__all__ = [
    "BCEIoULoss",
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
