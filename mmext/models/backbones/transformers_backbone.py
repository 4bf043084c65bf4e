"""Encoders of the transformers library: ConvNeXt, Swin, BEiT, DINOv2 and many more."""

import os
from pathlib import Path
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from mmext.checked import Count
from mmext.errors import UserError, one_line
from mmext.registry import MODELS


@MODELS.register_module()
class TransformersBackbone(BaseModule):
    """An encoder of ``transformers.AutoBackbone``, from a description or from files.

    Args:
        in_channels: Bands of the image.
        config: ``model_type`` and what else the library's configuration of that model
            takes; the others have its defaults. Random weights.
        checkpoint: Local folder with ``config.json`` and weights, instead; nothing is
            downloaded. If its first convolution has other bands than
            ``in_channels``, that one alone begins with random weights, and the
            library says so.
        out_features: Names of the stages whose maps are given; None means all.

    Raises:
        UserError: The library is not installed, or knows no such encoder.
    """

    def __init__(
        self,
        in_channels: Count = 3,
        config: dict[str, Any] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        out_features: list[str] | None = None,
    ) -> None:
        super().__init__()
        if (config is None) == (checkpoint is None):
            raise UserError("backbone: expected one of config and checkpoint")
        self.in_channels = in_channels
        self.encoder = _encoder(in_channels, config, checkpoint, out_features)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """The stages' maps, from fine to coarse.

        Args:
            image: (N, in_channels, H, W) float, normalised.
        """
        return tuple(self.encoder(image).feature_maps)


def _encoder(
    in_channels: int,
    config: dict[str, Any] | None,
    checkpoint: str | os.PathLike[str] | None,
    out_features: list[str] | None,
) -> Any:
    try:
        from transformers import CONFIG_MAPPING, AutoBackbone, AutoConfig
    except ImportError as error:
        raise UserError(
            "backbone: TransformersBackbone needs 'pip install mmext[transformers]'"
        ) from error
    given = dict(config or {})
    kind = given.pop("model_type", None)
    if checkpoint is not None and not Path(checkpoint).is_dir():
        raise UserError(
            f"backbone.checkpoint: {checkpoint} is no folder, expected one with "
            "config.json and weights, as 'hf download' leaves it"
        )
    if checkpoint is None and kind not in CONFIG_MAPPING:
        raise UserError(
            f"backbone.config.model_type: is {kind!r}, which the library transformers "
            "does not know; such as 'convnext' or 'swin'"
        )
    try:
        if checkpoint is None:
            settings = CONFIG_MAPPING[kind](**given)
        else:
            settings = AutoConfig.from_pretrained(  # nosec B615 # local
                str(checkpoint), local_files_only=True
            )
        settings.num_channels = in_channels
        settings.out_features = out_features or _stages(settings)
        encoder = AutoBackbone.from_config(settings)
        if checkpoint is None:
            return encoder
        # Not AutoBackbone's own, which asks the hub for a repository of that name.
        return type(encoder).from_pretrained(
            str(checkpoint),
            config=settings,
            local_files_only=True,
            ignore_mismatched_sizes=True,
        )
    except (OSError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"backbone: {one_line(error)}") from error


def _stages(settings: Any) -> list[str]:
    names = getattr(settings, "stage_names", None)
    if not names:
        raise UserError(
            f"backbone: {settings.model_type} of the library transformers is no "
            "encoder with stages"
        )
    return [name for name in names if name != "stem"]
