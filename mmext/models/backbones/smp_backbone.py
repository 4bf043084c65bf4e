"""Encoder and decoder of segmentation_models_pytorch, any of timm's encoders in it."""

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from mmext.checked import Count
from mmext.errors import UserError
from mmext.registry import MODELS


@MODELS.register_module()
class SmpBackbone(BaseModule):
    """A model of segmentation_models_pytorch up to its last convolution.

    Args:
        architecture: Such as ``Unet``, ``UnetPlusPlus``, ``MAnet``, ``FPN``.
        encoder_name: Such as ``resnet34``, or ``tu-NAME`` for timm's.
        in_channels: Bands of the image.
        encoder_weights: Weights that the library downloads, such as ``imagenet``; it
            adapts their first convolution to the bands. None means random ones.
        init_cfg: Initialisation, such as ``dict(type='Pretrained', checkpoint=...)``.
        settings: Further arguments of the architecture.

    Raises:
        UserError: The library is not installed, or has no such model.
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
        try:
            model = getattr(smp, architecture)(
                encoder_name=encoder_name,
                encoder_weights=encoder_weights,
                in_channels=in_channels,
                **settings,
            )
        except (AttributeError, KeyError, RuntimeError, TypeError) as error:
            raise UserError(f"backbone: {architecture}: {error}") from error
        self.in_channels = in_channels
        self.encoder, self.decoder = model.encoder, model.decoder

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
