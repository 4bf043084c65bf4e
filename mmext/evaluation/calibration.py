"""How far probabilities are from what comes true."""

import math

import numpy as np

from .bootstrap import Interval

_BINS = 10


def calibration_error(
    probability: np.ndarray, correct: np.ndarray, bins: int = _BINS
) -> float:
    """Expected calibration error, in bins of equally many objects.

    Σ (n_b / n) · |mean probability − share correct| over bins. Of few objects it is
    above 0 even where probabilities are right.

    Args:
        probability: (N,) in [0, 1].
        correct: (N,) bool.
        bins: How many; fewer objects than that have a bin each.

    Returns:
        In [0, 1]; NaN without objects.
    """
    if not len(probability):
        return math.nan
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs((probability[of] - correct[of]).sum()) for of in parts]
    return float(sum(gaps) / len(order))


def reliability(
    probability: np.ndarray, correct: np.ndarray, bins: int = _BINS
) -> list[dict[str, float]]:
    """What :func:`calibration_error` adds up: a row for each bin.

    Returns:
        ``objects``, ``probability`` (mean) and ``correct`` (share), bins ascending.
    """
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(bins, len(order))) if len(order) else []
    return [
        {
            "objects": len(of),
            "probability": float(probability[of].mean()),
            "correct": float(correct[of].mean()),
        }
        for of in parts
    ]


def calibration_interval(
    probabilities: np.ndarray,
    correct: np.ndarray,
    units: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
) -> list[Interval]:
    """Calibration errors of several scores, and of the first minus the last.

    95 % percentile intervals of a bootstrap over units (scenes; objects where each is
    one), the same draws for all scores.

    Args:
        probabilities: (S, N) in [0, 1].
        correct: (N,) bool.
        units: (N,) what is drawn as a whole, any labels.
        resamples: How many draws.
        seed: Of the draws.

    Returns:
        S + 1 intervals; NaN without objects.
    """
    scores = len(probabilities)

    def errors(of: np.ndarray) -> list[float]:
        found = [calibration_error(p[of], correct[of]) for p in probabilities]
        return [*found, found[0] - found[-1]]

    values = errors(np.arange(len(correct)))
    if not len(correct):
        return [Interval(math.nan, math.nan, math.nan)] * (scores + 1)
    names, unit = np.unique(units, return_inverse=True)
    members = np.split(
        np.argsort(unit, kind="stable"), np.cumsum(np.bincount(unit))[:-1]
    )
    rng = np.random.default_rng(seed)
    drawn = [
        errors(np.concatenate([members[i] for i in draw]))
        for draw in rng.integers(len(names), size=(resamples, len(names)))
    ]
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    return [
        Interval(value, float(a), float(b))
        for value, a, b in zip(values, low, high, strict=True)
    ]
