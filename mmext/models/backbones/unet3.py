"""The three-stage U-Net of Ahn et al. 2025."""

from typing import Literal

import torch
import torch.nn.functional as functional
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmext.checked import Count, checked
from mmext.registry import MODELS

_STAGES = 3
Upsampling = Literal["transposed", "resize"]


@MODELS.register_module()
class UNet3(BaseModule):
    """U-Net with three encoder and three decoder stages.

    Every stage is two 3 × 3 convolutions (padding 1), each followed by batch norm
    and ReLU; 2 × 2 max pooling goes down, 2 × 2 transposed convolution up, skips are
    concatenated; no dropout; He-normal initialisation (Ahn et al. 2025, section
    II.3 and Table 1; Ronneberger et al. 2015 for the layout). The paper does not
    name the stage between encoder and decoder, but three up-convolutions with three
    skips need one at an eighth of the size: here it is a stage like the others, of
    eight times the base width.

    Any image size works: what is not a multiple of 8 is padded by repeating its
    last row and column, and cut off again.

    Args:
        in_channels: Bands of the image.
        base_channels: Width w of the first stage. The paper does not state it; 64
            is the U-Net's own.
        norm_cfg: Normalisation after each convolution.
        upsampling: 'transposed': 2 × 2 transposed convolution, as in the paper;
            'resize': each pixel repeated, then a 3 × 3 convolution, which leaves no
            pattern of squares (Odena et al. 2016).
        init_cfg: Initialisation; None means He-normal for all convolutions.
    """

    #: Inputs are padded to a multiple of this; windows that start on one see the
    #: pooling grid of the whole image.
    input_multiple = 2**_STAGES

    def __init__(
        self,
        in_channels: Count = 3,
        base_channels: Count = 64,
        norm_cfg: dict | None = None,
        upsampling: Upsampling = "transposed",
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        he_normal = [
            dict(
                type="Kaiming",
                mode="fan_in",
                layer=["Conv2d", "ConvTranspose2d"],
            ),
            dict(type="Constant", val=1, layer=["_BatchNorm", "GroupNorm"]),
        ]
        super().__init__(init_cfg or he_normal)
        norm_cfg = norm_cfg or dict(type="BN")
        self.upsampling = checked(Upsampling, upsampling, "backbone.upsampling")
        widths = [base_channels * 2**stage for stage in range(_STAGES + 1)]
        self.in_channels = in_channels
        self.encoder = nn.ModuleList(
            _stage(width_in, width_out, norm_cfg)
            for width_in, width_out in zip(
                [in_channels, *widths[:-2]], widths[:-1], strict=True
            )
        )
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = _stage(widths[-2], widths[-1], norm_cfg)
        # From coarse to fine, as the features flow.
        self.up = nn.ModuleList(
            _up(2 * width, width, upsampling) for width in reversed(widths[:-1])
        )
        self.decoder = nn.ModuleList(
            _stage(2 * width, width, norm_cfg) for width in reversed(widths[:-1])
        )

    @property
    def receptive_field(self) -> int:
        """Width in pixels of the input that one output pixel may depend on.

        Followed interval by interval from an output pixel up to the bottleneck and
        back down, for each place a pixel can have on the pooling grid; the width
        is symmetric about the pixel, twice the farthest reach plus one. It holds
        for batch norm, which in evaluation does not look at the image.
        """
        convolutions = 2  # reach of a stage, at its own resolution
        # What a decoder's stage sees of the resized map, through one more.
        upwards = convolutions + (self.upsampling == "resize")
        reach = 0
        for pixel in range(self.input_multiple):
            first = last = pixel
            for _ in range(_STAGES):
                first = (first - upwards) // 2
                last = (last + upwards) // 2
            first, last = first - convolutions, last + convolutions
            for _ in range(_STAGES):
                first = 2 * first - convolutions
                last = 2 * last + 1 + convolutions
            reach = max(reach, pixel - first, last - pixel)
        return 2 * reach + 1

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode and decode.

        Args:
            image: (N, in_channels, H, W) float, normalised.

        Returns:
            Four maps from coarse to fine: (N, 8w, ⌈H/8⌉, ⌈W/8⌉), then 4w at a
            quarter, 2w at half and w channels at the whole size, rounded up.
        """
        height, width = image.shape[2:]
        below, right = -height % self.input_multiple, -width % self.input_multiple
        features = image
        if below or right:
            features = functional.pad(image, (0, right, 0, below), mode="replicate")
        skips = []
        for stage in self.encoder:
            features = stage(features)
            skips.append(features)
            features = self.pool(features)
        features = self.bottleneck(features)
        outputs = [features]
        for up, stage, skip in zip(self.up, self.decoder, reversed(skips), strict=True):
            features = stage(torch.cat([skip, up(features)], dim=1))
            outputs.append(features)
        # What the padding added is cut off at every scale: heads that put several
        # maps on top of each other would stretch it over the image.
        scales = (2**stage for stage in range(_STAGES, -1, -1))
        return tuple(
            output[..., : -(-height // scale), : -(-width // scale)]
            for output, scale in zip(outputs, scales, strict=True)
        )


def _up(channels_in: int, channels_out: int, upsampling: Upsampling) -> nn.Module:
    if upsampling == "transposed":
        return nn.ConvTranspose2d(channels_in, channels_out, kernel_size=2, stride=2)
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
    )


def _stage(channels_in: int, channels_out: int, norm_cfg: dict) -> nn.Sequential:
    return nn.Sequential(
        *(
            ConvModule(before, channels_out, 3, padding=1, norm_cfg=norm_cfg)
            for before in (channels_in, channels_out)
        )
    )
