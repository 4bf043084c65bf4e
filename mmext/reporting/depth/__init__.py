from .write_report import write_depth_report

__all__ = ["write_depth_report"]
