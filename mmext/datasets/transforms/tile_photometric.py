"""Other light on the same ground."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmext.checked import BelowOne, NotNegative
from mmext.registry import TRANSFORMS


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
