"""Encoder and decoder of segmentation_models_pytorch, any of timm's encoders in it."""

from pathlib import Path
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from mmext.checked import Count
from mmext.errors import UserError, one_line
from mmext.models.first_convolution import accept_colour_weights
from mmext.models.pretrained import WholePretrainedInit
from mmext.registry import MODELS


@MODELS.register_module()
class SmpBackbone(BaseModule):
    """A model of segmentation_models_pytorch up to its last convolution.

    Args:
        architecture: Such as ``Unet``, ``UnetPlusPlus``, ``MAnet``, ``FPN``.
        encoder_name: Such as ``resnet34``, or ``tu-NAME`` for timm's.
        in_channels: Bands of the image.
        encoder_weights: Weights that the library downloads, such as ``imagenet``; or a
            file (``.pth``, ``.safetensors``) with the encoder's weights by its names.
            Their first convolution is adapted to the bands. None means random ones.
        init_cfg: Initialisation, such as ``dict(type='Pretrained', checkpoint=...)``.
        settings: Further arguments of the architecture.

    Raises:
        UserError: The library is not installed, or has no such model; or the weights
            can't be had.
    """

    def __init__(
        self,
        architecture: str = "UnetPlusPlus",
        encoder_name: str = "resnet34",
        in_channels: Count = 3,
        encoder_weights: str | None = None,
        init_cfg: dict | list[dict] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(init_cfg)
        try:
            import segmentation_models_pytorch as smp
        except ImportError as error:
            raise UserError(
                f"backbone: SmpBackbone needs 'pip install mmext[smp]' ({error})"
            ) from error
        file = encoder_weights if _is_file(encoder_weights) else None
        try:
            model = getattr(smp, architecture)(
                encoder_name=encoder_name,
                encoder_weights=None if file else encoder_weights,
                in_channels=in_channels,
                **settings,
            )
        except (AttributeError, KeyError, RuntimeError, TypeError) as error:
            raise UserError(f"backbone: {architecture}: {error}") from error
        # Of a download, from one of several places by one of several libraries.
        except OSError as error:
            raise UserError(
                f"backbone.encoder_weights: '{encoder_weights}' of {encoder_name} "
                f"can't be fetched ({one_line(error)}); expected a network, or a file "
                "with the encoder's weights in its place"
            ) from error
        self.in_channels = in_channels
        self.encoder, self.decoder = model.encoder, model.decoder
        if file:
            accept_colour_weights(self.encoder)
            # timm's networks, in here one level down.
            part = getattr(self.encoder, "model", self.encoder)
            WholePretrainedInit(file)(part)

    @property
    def input_multiple(self) -> int:
        """What the sides of an image are a multiple of."""
        return int(self.encoder.output_stride)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """The decoder's map.

        Args:
            image: (N, in_channels, H, W) float, normalised; H and W multiples of
                :attr:`input_multiple`.

        Returns:
            One map (N, C, H, W).
        """
        return (self.decoder(self.encoder(image)),)


def _is_file(weights: str | None) -> bool:
    return weights is not None and (
        weights.endswith((".pth", ".pt", ".safetensors")) or Path(weights).is_file()
    )
