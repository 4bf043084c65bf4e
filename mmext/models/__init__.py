from .backbones import UNet3
from .data_preprocessors import BandNormalizer
from .decode_heads import DualHead, MultiLabelHead
from .decoders import UnionDecoder
from .depth import DepthEstimator, DepthHead
from .losses import (
    BCEDiceLoss,
    BCEIoULoss,
    BinaryFocalLoss,
    FocalTverskyLoss,
    MaskedBCEWithLogitsLoss,
    OHEMBCELoss,
    SoftIoULoss,
    UnifiedFocalLoss,
)
from .losses.depth import (
    AbsRelLoss,
    EdgePreservingLoss,
    GradientConsistencyLoss,
    SILogLoss,
    StructureGradientLoss,
    StructureGuidedSmoothLoss,
)
from .pretrained import WholePretrainedInit
from .segmentors import BinarySegmentor, BinaryTTAModel

__all__ = [
    "AbsRelLoss",
    "BCEDiceLoss",
    "BCEIoULoss",
    "BandNormalizer",
    "BinaryFocalLoss",
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
    "OHEMBCELoss",
    "SILogLoss",
    "SoftIoULoss",
    "StructureGradientLoss",
    "StructureGuidedSmoothLoss",
    "UNet3",
    "UnifiedFocalLoss",
    "UnionDecoder",
    "WholePretrainedInit",
]
