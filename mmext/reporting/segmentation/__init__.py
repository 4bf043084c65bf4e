from .averages import EpochWindow
from .write_report import write_report

__all__ = ["EpochWindow", "write_report"]
