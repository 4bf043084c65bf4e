"""Mean and spread of bands that are too many to hold."""

import numpy as np


class BandStatistics:
    """Count, mean, deviation, minimum and maximum per band, block by block.

    Blocks are merged by the pairwise update of Chan, Golub & LeVeque (1983), in
    float64, so a large offset costs no precision.

    Args:
        num_bands: Number C of bands.
    """

    def __init__(self, num_bands: int) -> None:
        self.count = 0
        self.mean = np.zeros(num_bands)
        self.squares = np.zeros(num_bands)
        self.minimum = np.full(num_bands, np.inf)
        self.maximum = np.full(num_bands, -np.inf)

    def add(self, pixels: np.ndarray) -> None:
        """Add a block of pixels, (P, C)."""
        if len(pixels) == 0:
            return
        # A band a row: what lies side by side is summed ten times as fast.
        block = np.ascontiguousarray(pixels.T, np.float64)
        mean = block.mean(axis=1)
        squares = ((block - mean[:, None]) ** 2).sum(axis=1)
        total = self.count + len(pixels)
        shift = mean - self.mean
        self.squares += squares + shift**2 * (self.count * len(pixels) / total)
        self.mean += shift * (len(pixels) / total)
        self.count = total
        self.minimum = np.minimum(self.minimum, block.min(axis=1))
        self.maximum = np.maximum(self.maximum, block.max(axis=1))

    def as_dict(self) -> dict[str, list[float]]:
        """``mean``, ``std``, ``min`` and ``max``: a number per band."""
        return {
            "mean": self.mean.tolist(),
            "std": np.sqrt(self.squares / max(self.count, 1)).tolist(),
            "min": self.minimum.tolist(),
            "max": self.maximum.tolist(),
        }
