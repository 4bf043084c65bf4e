"""A tile store's pixels as a screen shows them."""

import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.pixel_values import IGNORE

#: Of the labels' outlines on every picture: yellow.
LABEL_COLOUR = "#ffd400"
#: Of false negatives and false positives, orange and pink, which people with a colour
#: deficiency tell apart, too (Wong 2011).
FN_COLOUR, FP_COLOUR = "#d55e00", "#cc79a7"
#: Tiles, evenly spaced, that say how far a store's values go.
_SAMPLED = 64
_PERCENTILES = (2, 98)


class Display:
    """Makes pictures of a store's pixels, all of them by the same limits.

    Bytes are shown as they are; other types from the 2nd to the 98th percentile of the
    valid pixels, which a few very bright ones don't move.

    Args:
        store: The tiles.
    """

    def __init__(self, store: TileStore) -> None:
        self._bands = [0, 1, 2] if store.images.shape[-1] >= 3 else [0, 0, 0]
        self._low, self._high = np.zeros(3), np.full(3, 255.0)
        if store.images.dtype != np.uint8:
            self._low, self._high = self._limits(store)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """A picture.

        Args:
            pixels: (..., C) in the store's units.

        Returns:
            (..., 3) float32 in [0, 1]: the first three bands, or the first as grey.
        """
        chosen = (pixels[..., self._bands] - self._low) / (self._high - self._low)
        return np.nan_to_num(np.clip(chosen, 0, 1)).astype(np.float32)

    def as_bytes(self, pixels: np.ndarray) -> np.ndarray:
        """The same as (..., 3) uint8."""
        return np.round(self(pixels) * 255).astype(np.uint8)

    def _limits(self, store: TileStore) -> tuple[np.ndarray, np.ndarray]:
        tiles = np.unique(np.linspace(0, len(store) - 1, _SAMPLED).astype(int))
        pixels = np.concatenate(
            [store.images[t][store.masks[t] != IGNORE][:, self._bands] for t in tiles]
        )
        return stretch_limits(pixels)


def stretch_limits(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is shown as black and as white, which a few very bright pixels don't move.

    Args:
        pixels: (N, C), the valid ones.

    Returns:
        The 2nd and the 98th percentile of each band, (C,) float64 each, the second
        larger than the first; 0 and 1 where there is no pixel.
    """
    if not len(pixels):
        return np.zeros(pixels.shape[1]), np.ones(pixels.shape[1])
    low, high = np.percentile(pixels.astype(np.float64), _PERCENTILES, axis=0)
    # A band of one value is black.
    return low, np.where(high > low, high, low + 1)
