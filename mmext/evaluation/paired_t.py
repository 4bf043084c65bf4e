"""How far a difference could be chance of the training, and of how often one asks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from .bootstrap import Interval

#: Of fewer, a standard deviation says next to nothing.
MIN_SEEDS = 3


@dataclass(frozen=True)
class PairedT(Interval):
    """The mean of paired differences and Student's interval for it.

    Attributes:
        p: Two-sided p value of a mean of 0; NaN, as are the interval's ends, of fewer
            than ``MIN_SEEDS`` differences.
    """

    p: float = np.nan


def paired_t(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    level: float = 0.95,
) -> PairedT:
    """Student's t of ``second − first``, seed by seed.

    Args:
        first: A score of each of S seeds.
        second: The other method's, in the same order.
        level: Of the interval.

    Returns:
        Mean, interval and p value; NaN if a score is.
    """
    differences = np.subtract(second, first).astype(float)
    value = float(differences.mean())
    if len(differences) < MIN_SEEDS or not np.isfinite(differences).all():
        return PairedT(value, np.nan, np.nan)
    if np.ptp(differences) == 0:  # no spread, no t
        return PairedT(value, value, value, p=float(value == 0))
    test = stats.ttest_1samp(differences, 0)
    low, high = test.confidence_interval(level)
    return PairedT(value, float(low), float(high), p=float(test.pvalue))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p values for their number (Holm 1979), stepping down from the smallest.

    Those below 0.05 hold together with at most 5 % chance of a single false one,
    however the tests depend on each other.

    Args:
        p_values: M of one family. NaN, a test that could not be made, counts as 1.

    Returns:
        (M,) in the same order, at most 1.
    """
    p = np.nan_to_num(np.asarray(p_values, float), nan=1.0)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
