from .backbones import SmpBackbone, TransformersBackbone, UNet3
from .data_preprocessors import BandNormalizer
from .decode_heads import CascadeHead, DualHead, MultiLabelHead
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
    ConfidentConsistencyLoss,
    EdgePreservingLoss,
    GradientConsistencyLoss,
    SILogLoss,
    StructureGradientLoss,
    StructureGuidedSmoothLoss,
)
from .pretrained import WholePretrainedInit
from .pretraining import MaskedImageModel
from .segmentors import BinarySegmentor, BinaryTTAModel

__all__ = [
    "AbsRelLoss",
    "BCEDiceLoss",
    "BCEIoULoss",
    "BandNormalizer",
    "BinaryFocalLoss",
    "BinarySegmentor",
    "BinaryTTAModel",
    "CascadeHead",
    "ConfidentConsistencyLoss",
    "DepthEstimator",
    "DepthHead",
    "DualHead",
    "EdgePreservingLoss",
    "FocalTverskyLoss",
    "GradientConsistencyLoss",
    "MaskedBCEWithLogitsLoss",
    "MaskedImageModel",
    "MultiLabelHead",
    "OHEMBCELoss",
    "SILogLoss",
    "SmpBackbone",
    "SoftIoULoss",
    "StructureGradientLoss",
    "StructureGuidedSmoothLoss",
    "TransformersBackbone",
    "UNet3",
    "UnifiedFocalLoss",
    "UnionDecoder",
    "WholePretrainedInit",
]
