from .multi_label_head import DualHead, MultiLabelHead

__all__ = ["DualHead", "MultiLabelHead"]
