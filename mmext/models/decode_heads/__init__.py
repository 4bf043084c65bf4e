from .cascade_head import CascadeHead
from .multi_label_head import DualHead, MultiLabelHead

__all__ = ["CascadeHead", "DualHead", "MultiLabelHead"]
