"""Configs of models small enough for a test."""

from collections.abc import Sequence
from typing import Any


def small_head(width: int) -> dict[str, Any]:
    """A convolution of one pixel on the last map of a ``UNet3`` of that width."""
    return dict(
        type="FCNHead",
        in_channels=width,
        channels=width,
        in_index=3,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
    )


def small_segmentor(
    channels: Sequence[str] = ("target", "error"),
    bands: int = 3,
    width: int = 4,
    mean: float = 90.0,
    std: float = 50.0,
    **changes: Any,
) -> dict[str, Any]:
    """A ``BinarySegmentor`` with a ``UNet3``.

    Args:
        channels: What it predicts.
        bands: Of its images.
        width: Base width.
        mean: Of each band.
        std: Of each band.
        changes: Other keys of the model.
    """
    return dict(
        type="BinarySegmentor",
        data_preprocessor=dict(
            type="BandNormalizer", mean=[mean] * bands, std=[std] * bands
        ),
        backbone=dict(type="UNet3", in_channels=bands, base_channels=width),
        decode_head=dict(
            type="MultiLabelHead",
            channels=tuple(channels),
            head=small_head(width),
            loss=dict(type="MaskedBCEWithLogitsLoss"),
        ),
        **changes,
    )
