from .backbones import UNet3
from .data_preprocessors import BandNormalizer
from .decode_heads import DualHead, MultiLabelHead
from .decoders import UnionDecoder
from .depth import DepthEstimator, DepthHead
from .losses import BCEIoULoss, FocalTverskyLoss, MaskedBCEWithLogitsLoss, SoftIoULoss
from .losses.depth import (
    AbsRelLoss,
    EdgePreservingLoss,
    GradientConsistencyLoss,
    SILogLoss,
    StructureGradientLoss,
    StructureGuidedSmoothLoss,
)
from .segmentors import BinarySegmentor, BinaryTTAModel

__all__ = [
    "AbsRelLoss",
    "BCEIoULoss",
    "BandNormalizer",
    "BinarySegmentor",
    "BinaryTTAModel",
    "DepthEstimator",
    "DepthHead",
    "DualHead",
    "EdgePreservingLoss",
    "FocalTverskyLoss",
    "GradientConsistencyLoss",
    "MaskedBCEWithLogitsLoss",
    "MultiLabelHead",
    "SILogLoss",
    "SoftIoULoss",
    "StructureGradientLoss",
    "StructureGuidedSmoothLoss",
    "UNet3",
    "UnionDecoder",
]
