"""Encoders of the transformers library: ConvNeXt, Swin, BEiT, DINOv2 and many more."""

import copy
import os
import re
from pathlib import Path
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from mmext.checked import Count
from mmext.errors import UserError, one_line
from mmext.models.first_convolution import accept_colour_weights
from mmext.registry import MODELS

_HUB_NAME = r"[\w-][\w.-]*/[\w-][\w.-]*"


@MODELS.register_module()
class TransformersBackbone(BaseModule):
    """An encoder of ``transformers.AutoBackbone``, from a description or from files.

    Args:
        in_channels: Bands of the image.
        config: ``model_type`` and what else the library's configuration of that model
            takes; the others have its defaults. Random weights.
        checkpoint: Folder with ``config.json`` and weights, instead; or ``OWNER/NAME``
            of huggingface.co, of which these alone are fetched. Weights made for three
            bands are adapted to others
            (:func:`~mmext.models.first_convolution.adapt_colours`).
        out_features: Names of the stages whose maps are given; None means all.
        init_cfg: Initialisation from a file of ours, ``dict(type='Pretrained', …)``.

    Raises:
        UserError: The library is not installed, or knows no such encoder; its weights
            can't be had, or fit no image of so many bands.
    """

    def __init__(
        self,
        in_channels: Count = 3,
        config: dict[str, Any] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        out_features: list[str] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
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
    if checkpoint is None and kind not in CONFIG_MAPPING:
        raise UserError(
            f"backbone.config.model_type: is {kind!r}, which the library transformers "
            "does not know; such as 'convnext' or 'swin'"
        )
    folder = None if checkpoint is None else _folder(str(checkpoint))
    try:
        if folder is None:
            settings = CONFIG_MAPPING[kind](**given)
        else:
            settings = AutoConfig.from_pretrained(  # nosec B615 # local
                folder, local_files_only=True
            )
        settings.out_features = out_features or _stages(settings)
        bands_of_weights = getattr(settings, "num_channels", in_channels)
        settings.num_channels = in_channels
        encoder = AutoBackbone.from_config(settings)
        if folder is None:
            return encoder
        stored = copy.deepcopy(settings)
        stored.num_channels = bands_of_weights
        # Not AutoBackbone's own, which asks the hub for a repository of that name.
        read = type(encoder).from_pretrained(
            folder, config=stored, local_files_only=True
        )
        if in_channels == bands_of_weights:
            return read
        accept_colour_weights(encoder)
        encoder.load_state_dict(read.state_dict())
        return encoder
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"backbone: {one_line(error)}") from error


def _folder(checkpoint: str) -> str:
    """The folder of that name, or what the hub has under it."""
    if Path(checkpoint).is_dir():
        return checkpoint
    if not re.fullmatch(_HUB_NAME, checkpoint):
        raise UserError(
            f"backbone.checkpoint: {checkpoint} is no folder, expected one with "
            "config.json and weights, as 'hf download' leaves it, or OWNER/NAME of "
            "huggingface.co"
        )
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(  # nosec B615 # weights alone, which are data
            checkpoint, allow_patterns=["config.json", "*.safetensors"]
        )
    # It has exceptions of its own, of several libraries.
    except Exception as error:
        raise UserError(
            f"backbone.checkpoint: {checkpoint} is no folder here, and it can't be "
            f"fetched from huggingface.co ({type(error).__name__}); where there is a "
            f"network, 'hf download {checkpoint} --local-dir FOLDER', then copy FOLDER "
            "and name it here"
        ) from None


def _stages(settings: Any) -> list[str]:
    names = getattr(settings, "stage_names", None)
    if not names:
        raise UserError(
            f"backbone: {settings.model_type} of the library transformers is no "
            "encoder with stages"
        )
    return [name for name in names if name != "stem"]
