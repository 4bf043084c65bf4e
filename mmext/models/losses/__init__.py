from .bce_iou import BCEIoULoss
from .focal_tversky import FocalTverskyLoss
from .masked_bce import MaskedBCEWithLogitsLoss
from .soft_iou import SoftIoULoss

__all__ = ["BCEIoULoss", "FocalTverskyLoss", "MaskedBCEWithLogitsLoss", "SoftIoULoss"]
