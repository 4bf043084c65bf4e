"""Pixel sums of a depth prediction and the scores made from them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np

#: Names of the scores, in the order tables give them.
SCORES = (
    "abs_rel",
    "sq_rel",
    "rmse",
    "rmse_log",
    "log10",
    "silog",
    "d1",
    "d2",
    "d3",
)
_THRESHOLD = 1.25


@dataclass(frozen=True)
class DepthSums:
    """Sums over pixels; p prediction, d truth in metres, g = ln p − ln d.

    All scores are functions of them, so that pixels of several images can be pooled
    by adding. The formulas are those of Eigen et al. 2014 (section 4.3), δ of Ladický
    et al. 2014; SILog is KITTI's, in percent. Scores of no pixels are NaN.

    Attributes:
        pixels: Number of pixels.
        relative: Σ |p − d| / d.
        square_relative: Σ (p − d)² / d, metres.
        square: Σ (p − d)², square metres.
        log: Σ g.
        log_square: Σ g².
        log_absolute: Σ |g|.
        within_1: Pixels with max(p / d, d / p) < 1.25.
        within_2: The same for 1.25².
        within_3: The same for 1.25³.
    """

    pixels: int = 0
    relative: float = 0.0
    square_relative: float = 0.0
    square: float = 0.0
    log: float = 0.0
    log_square: float = 0.0
    log_absolute: float = 0.0
    within_1: int = 0
    within_2: int = 0
    within_3: int = 0

    def __add__(self, other: "DepthSums") -> "DepthSums":
        return DepthSums(
            *(a + b for a, b in zip(astuple(self), astuple(other), strict=True))
        )

    def scores(self) -> dict[str, float]:
        """The scores of :data:`SCORES`: RMSE and SqRel in metres, SILog in percent."""
        if not self.pixels:
            return dict.fromkeys(SCORES, math.nan)
        mean_log = self.log / self.pixels
        mean_square = self.log_square / self.pixels
        # Rounding may make the variance of a perfect prediction negative.
        variance = max(0.0, mean_square - mean_log**2)
        return {
            "abs_rel": self.relative / self.pixels,
            "sq_rel": self.square_relative / self.pixels,
            "rmse": math.sqrt(self.square / self.pixels),
            "rmse_log": math.sqrt(mean_square),
            "log10": self.log_absolute / self.pixels / math.log(10),
            "silog": 100 * math.sqrt(variance),
            "d1": self.within_1 / self.pixels,
            "d2": self.within_2 / self.pixels,
            "d3": self.within_3 / self.pixels,
        }


def depth_sums(
    prediction: np.ndarray, truth: np.ndarray, mask: np.ndarray
) -> DepthSums:
    """Sums of one image, or of any pixels.

    Args:
        prediction: Metres, > 0 where ``mask``, any shape and float dtype.
        truth: Metres, > 0 where ``mask``, the same shape.
        mask: bool, the same shape: pixels that count.
    """
    p, d = prediction[mask].astype(np.float64), truth[mask].astype(np.float64)
    difference = p - d
    g = np.log(p) - np.log(d)
    ratio = np.maximum(p / d, d / p)
    within = [int((ratio < _THRESHOLD**power).sum()) for power in (1, 2, 3)]
    return DepthSums(
        int(mask.sum()),
        float((np.abs(difference) / d).sum()),
        float((difference**2 / d).sum()),
        float((difference**2).sum()),
        float(g.sum()),
        float((g**2).sum()),
        float(np.abs(g).sum()),
        *within,
    )


def mean_scores(images: Iterable[DepthSums], average: str) -> dict[str, float]:
    """Scores over a set of images.

    Args:
        images: Sums of each image.
        average: 'image': the mean of the images' scores, as most systems do, over
            images that have valid pixels; 'pixel': the scores of all pixels pooled.

    Returns:
        The scores, NaN if no image has a valid pixel.
    """
    if average == "pixel":
        return sum(images, DepthSums()).scores()
    scores: Sequence[dict[str, float]] = [i.scores() for i in images if i.pixels]
    if not scores:
        return DepthSums().scores()
    return {name: sum(s[name] for s in scores) / len(scores) for name in SCORES}
