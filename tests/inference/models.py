"""A small segmentor that predicts."""

import torch
from mmengine.registry import DefaultScope
from torch import nn

from mmext.registry import MODELS


def build_model(channels: tuple[str, ...] = ("target",)) -> nn.Module:
    """A ``BinarySegmentor`` of four base channels, the same each time."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmext"):
        return MODELS.build(
            dict(
                type="BinarySegmentor",
                data_preprocessor=dict(
                    type="BandNormalizer", mean=[80.0] * 3, std=[40.0] * 3
                ),
                backbone=dict(type="UNet3", base_channels=4),
                decode_head=dict(
                    type="MultiLabelHead",
                    channels=channels,
                    head=dict(
                        type="FCNHead",
                        in_channels=4,
                        channels=4,
                        in_index=3,
                        num_convs=0,
                        concat_input=False,
                        dropout_ratio=0,
                    ),
                    loss=dict(type="MaskedBCEWithLogitsLoss"),
                ),
            )
        )
