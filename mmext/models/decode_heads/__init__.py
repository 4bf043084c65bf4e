from .dual_head import DualHead
from .multi_label_head import MultiLabelHead

__all__ = ["DualHead", "MultiLabelHead"]
