"""Other light on the same ground."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from torch import Tensor

from mmext.checked import BelowOne, NotNegative
from mmext.registry import TRANSFORMS
from mmext.structures import TileSamples


@TRANSFORMS.register_module()
class TilePhotometric(BaseTransform):
    """Random brightness, contrast and band balance, for any bands and any units.

    mmseg's ``PhotoMetricDistortion`` works on three bands of 0–255. Here pixels are
    stretched about the tile's own mean, and everything is relative to the tile's
    spread, so 16-bit and reflectance values work alike. Values are not clipped.

    Args:
        brightness: Largest shift of all bands together, in standard deviations.
        contrast: Largest relative change of the spread, in [0, 1).
        balance: Largest shift of each band on its own, in standard deviations.
    """

    def __init__(
        self,
        brightness: NotNegative = 0.3,
        contrast: BelowOne = 0.2,
        balance: NotNegative = 0.1,
    ) -> None:
        self.brightness = brightness
        self.contrast = contrast
        self.balance = balance

    @cache_randomness
    def _draw(self, bands: int) -> tuple[float, np.ndarray]:
        uniform = np.random.uniform
        stretch = 1 + uniform(-self.contrast, self.contrast)
        common = uniform(-self.brightness, self.brightness)
        own = uniform(-self.balance, self.balance, bands)
        return stretch, (common + own).astype(np.float32)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change ``results['img']`` (H, W, C) float32; maps stay as they are."""
        image = results["img"]
        stretch, shift = self._draw(image.shape[2])
        mean = image.mean(axis=(0, 1))
        spread = image.std(axis=(0, 1)).mean()
        results["img"] = (image - mean) * np.float32(stretch) + mean + shift * spread
        return results

    def change_batch(self, images: Tensor, samples: TileSamples) -> Tensor:
        """Change each tile of a batch where the model runs.

        Args:
            images: (B, C, H, W) float32.
            samples: Not changed.
        """
        tiles, bands = images.shape[:2]
        stretch = 1 + _uniform(self.contrast, (tiles, 1, 1, 1))
        shift = _uniform(self.brightness, (tiles, 1, 1, 1))
        shift = shift + _uniform(self.balance, (tiles, bands, 1, 1))
        spread, mean = torch.std_mean(images, dim=(2, 3), correction=0, keepdim=True)
        spread = spread.mean(dim=1, keepdim=True)
        stretch, shift = stretch.to(images.device), shift.to(images.device)
        return (images - mean) * stretch + mean + shift * spread


def _uniform(reach: float, shape: tuple[int, ...]) -> Tensor:
    """Of [-reach, reach), drawn on the CPU, so that a GPU's run draws the same."""
    return reach * (2 * torch.rand(shape) - 1)
