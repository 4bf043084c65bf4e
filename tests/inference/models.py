"""A small segmentor that predicts."""

import torch
from mmengine.registry import DefaultScope
from torch import nn

from mmext.registry import MODELS
from tests.small_models import small_segmentor


def build_model(channels: tuple[str, ...] = ("target",)) -> nn.Module:
    """A ``BinarySegmentor`` of four base channels, the same each time."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmext"):
        return MODELS.build(small_segmentor(channels, mean=80.0, std=40.0))
