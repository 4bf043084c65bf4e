"""Mean and spread of bands that are too many to hold."""

import numpy as np
from numpy.typing import ArrayLike

#: A band whose mean is this many deviations off is of another sensor or scale.
_FAR = 3.0


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

    @classmethod
    def of(cls, pixels: np.ndarray) -> "BandStatistics":
        """Those of a block of pixels, (P, C)."""
        found = cls(pixels.shape[1])
        if len(pixels):
            # A band a row: what lies side by side is summed ten times as fast.
            block = np.ascontiguousarray(pixels.T, np.float64)
            found.count = len(pixels)
            found.mean = block.mean(axis=1)
            found.squares = ((block - found.mean[:, None]) ** 2).sum(axis=1)
            found.minimum, found.maximum = block.min(axis=1), block.max(axis=1)
        return found

    def add(self, block: "BandStatistics") -> None:
        """Add a block; in another order of blocks the last digits may differ."""
        if block.count == 0:
            return
        total = self.count + block.count
        shift = block.mean - self.mean
        self.squares += block.squares + shift**2 * (self.count * block.count / total)
        self.mean += shift * (block.count / total)
        self.count = total
        self.minimum = np.minimum(self.minimum, block.minimum)
        self.maximum = np.maximum(self.maximum, block.maximum)

    def as_dict(self) -> dict[str, list[float]]:
        """``mean``, ``std``, ``min`` and ``max``: a number per band."""
        return {
            "mean": self.mean.tolist(),
            "std": np.sqrt(self.squares / max(self.count, 1)).tolist(),
            "min": self.minimum.tolist(),
            "max": self.maximum.tolist(),
        }


def far_band(
    mean: ArrayLike, usual: ArrayLike, deviation: ArrayLike
) -> tuple[int, float] | None:
    """The band that lies farthest from what a network was trained on, if it is far.

    Args:
        mean: (C,) of the pixels in question.
        usual: (C,) mean of the training's.
        deviation: (C,) their standard deviation; a band without any counts as 1.

    Returns:
        Its number, from 1, and by how many standard deviations, more than 3, its mean
        is off.
    """
    spread = np.asarray(deviation)
    off = np.abs(np.subtract(mean, usual)) / np.where(spread > 0, spread, 1)
    band = int(off.argmax())
    return (band + 1, float(off[band])) if off[band] > _FAR else None
