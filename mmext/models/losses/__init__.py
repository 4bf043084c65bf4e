from .bce_dice import BCEDiceLoss
from .bce_iou import BCEIoULoss
from .focal import BinaryFocalLoss
from .focal_tversky import FocalTverskyLoss
from .masked_bce import MaskedBCEWithLogitsLoss
from .ohem_bce import OHEMBCELoss
from .soft_iou import SoftIoULoss
from .unified_focal import UnifiedFocalLoss

__all__ = [
    "BCEDiceLoss",
    "BCEIoULoss",
    "BinaryFocalLoss",
    "FocalTverskyLoss",
    "MaskedBCEWithLogitsLoss",
    "OHEMBCELoss",
    "SoftIoULoss",
    "UnifiedFocalLoss",
]
