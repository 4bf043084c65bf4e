from .folder import share_model
from .hub import push_to_hub, refuse_without_hub

__all__ = ["push_to_hub", "refuse_without_hub", "share_model"]
