"""An encoder that learns from images alone: it guesses what is hidden of them."""

from collections.abc import Sequence
from typing import Annotated, Any

import torch
import torch.nn.functional as functional
from mmengine.model import BaseModel
from mmseg.structures import SegDataSample
from pydantic import Field
from torch import Tensor, nn

from mmext.checked import Count, checked
from mmext.models.decode_heads.channel_targets import target_maps
from mmext.models.first_convolution import accept_colour_weights
from mmext.models.losses.masked import at_least_float32
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS
from mmext.structures import TileSamples

from .patch_mask import draw_patch_mask, masked_l1

Ratio = Annotated[float, Field(gt=0, lt=1)]
# Pixels: every backbone has maps left of it.
_IMAGE_SIZE = 64


@MODELS.register_module()
class MaskedImageModel(BaseModel):
    """Masked image modelling around any backbone.

    Patches of each image are hidden, and one linear layer on the last of the backbone's
    maps says what their pixels are: L1 over the hidden pixels, normalised by band
    (SimMIM, Xie et al. 2022, arXiv 2111.09886). There patches are replaced by a token
    that is learnt, after the patches' embedding; networks of convolutions have none, so
    here hidden pixels are 0, the mean of their band, in the image itself.

    The last map is the coarsest of an encoder (``ResNet``, ``MixVisionTransformer``)
    and the finest of a network that has its decoder with it (``UNet3``,
    ``SmpBackbone``), which is trained, too.

    Args:
        backbone: Config of the backbone.
        data_preprocessor: Config of the ``BandNormalizer``.
        patch_size: Side of the patches in pixels, a divisor of the tiles'.
        mask_ratio: Share of patches that are hidden.
        init_cfg: Initialisation, as of any module.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        data_preprocessor: dict[str, Any],
        patch_size: Count = 32,
        mask_ratio: Ratio = 0.6,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.patch_size = patch_size
        self.mask_ratio = checked(Ratio, mask_ratio, "model.mask_ratio")
        self.backbone = MODELS.build(backbone)
        accept_colour_weights(self.backbone)
        bands = backbone.get("in_channels", 3)
        width, stride = _last_map(self.backbone, bands)
        self.decoder = nn.Sequential(
            nn.Conv2d(width, bands * stride**2, 1), nn.PixelShuffle(stride)
        )

    def forward(
        self,
        inputs: Tensor,
        data_samples: TileSamples | Sequence[SegDataSample] | None = None,
        mode: str = "tensor",
    ) -> dict[str, Tensor] | Tensor:
        """The loss, or what the network takes an image for of which nothing is hidden.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: Whose labels are 255 where a pixel shows nothing.
            mode: ``loss`` or, as mmengine calls the other, ``tensor`` or ``predict``.
        """
        if mode == "loss":
            assert data_samples is not None
            return self.loss(inputs, data_samples)
        return self._guess(inputs)

    def loss(
        self, inputs: Tensor, data_samples: TileSamples | Sequence[SegDataSample]
    ) -> dict[str, Tensor]:
        """How far the hidden pixels' guesses are off, in deviations of their band.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: Whose labels are 255 where a pixel shows nothing.
        """
        mask = self.draw_mask(inputs).to(inputs.device)
        valid = target_maps(data_samples)["gt_sem_seg"] != IGNORE
        found = at_least_float32(self.reconstruct(inputs, mask))
        return {"loss_reconstruction": masked_l1(found, inputs, mask & valid)}

    def draw_mask(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """What is hidden of images: (N, H, W) bool on the CPU.

        Args:
            images: (N, C, H, W).
            generator: Of random numbers; None takes torch's own.

        Raises:
            UserError: Their size is no multiple of the patches'.
        """
        number, _, height, width = images.shape
        return draw_patch_mask(
            number, (height, width), self.patch_size, self.mask_ratio, generator
        )

    def reconstruct(self, images: Tensor, mask: Tensor) -> Tensor:
        """Guess whole images of what is not hidden.

        Args:
            images: (N, C, H, W), normalised.
            mask: (N, H, W) bool, True where hidden.

        Returns:
            (N, C, H, W), normalised.
        """
        return self._guess(images.masked_fill(mask.unsqueeze(1), 0))

    def _guess(self, images: Tensor) -> Tensor:
        found = self.decoder(self.backbone(images)[-1])
        if found.shape[2:] != images.shape[2:]:
            # Where the map's stride is no divisor of the image's size.
            found = functional.interpolate(found, images.shape[2:], mode="bilinear")
        return found


def _last_map(backbone: nn.Module, bands: int) -> tuple[int, int]:
    """Channels of a backbone's last map, and how many pixels a value of it spans."""
    training = backbone.training
    backbone.eval()
    with torch.no_grad():
        last = backbone(torch.zeros(1, bands, _IMAGE_SIZE, _IMAGE_SIZE))[-1]
    backbone.train(training)
    return last.shape[1], round(_IMAGE_SIZE / last.shape[-1])
