"""A network without what parallel training wraps it in."""

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> Any:
    """The model itself, which has the attributes that its wrapper hides."""
    return model.module if is_model_wrapper(model) else model
