"""Does the error channel know where stage 1 is wrong?"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mmext.evaluation.answers import Answers
from mmext.evaluation.precision_recall import ScoreHistogram
from mmext.pixel_values import IGNORE

BINS = 10


@dataclass(frozen=True)
class ErrorDetection:
    """Scores of pixels against the errors that one network makes on a store.

    Attributes:
        prevalence: Share of pixels that it gets wrong: the area under the
            precision–recall curve that chance has.
        areas: Area under precision–recall by detector.
        confidence: (B,) mean error probability in each bin, NaN where empty.
        frequency: (B,) share of wrong pixels in it.
        pixels: (B,) pixels in it.
    """

    prevalence: float
    areas: dict[str, float]
    confidence: np.ndarray
    frequency: np.ndarray
    pixels: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: Σ pixels · |confidence − frequency| / Σ pixels.

        Guo et al. 2017, equation 3, with equal bins.
        """
        gap = np.abs(self.confidence - self.frequency)
        filled = self.pixels > 0
        return float((gap * self.pixels)[filled].sum() / self.pixels.sum())


def detect_errors(
    stage1: Answers, stage2: Answers, channel: str = "error"
) -> ErrorDetection:
    """Compare the error channel with the entropies of the target channels.

    Args:
        stage1: Its first channel's decision above 0.5 is right or wrong.
        stage2: Has the channel ``channel``.
        channel: The detector.

    Returns:
        Areas for ``error channel``, ``entropy of stage 1`` and ``entropy of channel
        0``, and the error channel's calibration.
    """
    index = stage2.channels.index(channel)
    names = ("error channel", "entropy of stage 1", "entropy of channel 0")
    histograms = {name: ScoreHistogram() for name in names}
    pixels, wrong_pixels = np.zeros(BINS), np.zeros(BINS)
    confidence = np.zeros(BINS)
    for first, second in zip(stage1.scenes(), stage2.scenes(), strict=True):
        decided = first.logits[0] > 0
        wrong = (decided != (first.target == 1)).astype(np.uint8)
        wrong[first.target == IGNORE] = IGNORE
        # The binary entropy falls with the distance of the logit from 0.
        scores = (
            second.logits[index],
            -np.abs(first.logits[0]),
            -np.abs(second.logits[0]),
        )
        for name, values in zip(names, scores, strict=True):
            histograms[name].add(values.astype(np.float16), wrong)
        valid = wrong != IGNORE
        probability = expit(second.logits[index][valid].astype(np.float64))
        bins = np.minimum((probability * BINS).astype(int), BINS - 1)
        pixels += np.bincount(bins, minlength=BINS)
        wrong_pixels += np.bincount(bins, wrong[valid], minlength=BINS)
        confidence += np.bincount(bins, probability, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return ErrorDetection(
            prevalence=float(wrong_pixels.sum() / pixels.sum()),
            areas={name: histograms[name].curve().area for name in names},
            confidence=confidence / pixels,
            frequency=wrong_pixels / pixels,
            pixels=pixels,
        )
