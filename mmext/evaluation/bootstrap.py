"""How far a difference could be chance: of the test tiles, and of the training."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_CHUNK = 1 << 22
Score = Callable[[np.ndarray], np.ndarray]


def iou(sums: np.ndarray) -> np.ndarray:
    """TP / (TP + FP + FN) of (…, 3) sums of TP, FP and FN; NaN for 0 / 0."""
    return _ratio(sums[..., 0], sums.sum(axis=-1))


def fn_tp(sums: np.ndarray) -> np.ndarray:
    """FN / TP of (…, 3) sums of TP, FP and FN; NaN without TP."""
    return _ratio(sums[..., 2], sums[..., 0])


def fp_tp(sums: np.ndarray) -> np.ndarray:
    """FP / TP of (…, 3) sums of TP, FP and FN; NaN without TP."""
    return _ratio(sums[..., 1], sums[..., 0])


def iou_deviation(sums: np.ndarray) -> np.ndarray:
    """Standard deviation (n − 1) over E epochs of the IoU of (…, E, 3) sums."""
    return iou(sums).std(axis=-1, ddof=1)


@dataclass(frozen=True)
class Interval:
    """A value and the range in which resampled values fall.

    Attributes:
        value: On the set itself.
        low: Lower end.
        high: Upper end.
        undefined: Share of resamples in which the score did not exist (no TP); they
            are left out of the range.
    """

    value: float
    low: float
    high: float
    undefined: float = 0.0


def crossed_bootstrap(
    first: np.ndarray,
    second: np.ndarray,
    score: Score,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile interval of ``score(second) − score(first)`` over seeds and units.

    Each draw takes units (tiles or scenes) and seeds with replacement, the same for
    both methods: what would another training and another test set have shown? (The
    pigeonhole bootstrap, Owen 2007.) A seed's score is a ratio of sums over the drawn
    units, never a mean over them; the difference is the mean over the drawn seeds.

    Of few seeds the percentiles are too narrow, as if a deviation were divided by S
    and not S − 1: a t interval over seeds (:func:`~.paired_t.paired_t`) belongs beside
    them. With one seed it says nothing of the chance in training.

    Args:
        first: (S, U, …, 3) TP, FP and FN of S seeds in U units, perhaps at several
            epochs.
        second: The same of the other method, trained with the same seeds.
        score: From (S, …, 3) sums to (S,), also with draws as a first axis.
        resamples: How many draws.
        level: Share of them inside the interval.
        seed: Of the draws.

    Returns:
        The interval; its ends are NaN if no draw has a score.
    """
    generator = np.random.default_rng(seed)
    both = (first.astype(float), second.astype(float))  # matrix products need floats
    seeds, units = first.shape[:2]
    shares, seed_shares = np.full(units, 1 / units), np.full(seeds, 1 / seeds)
    values = []
    for size in _chunks(resamples, max(1, _CHUNK // units)):
        draws = generator.multinomial(units, shares, size)
        of_first, of_second = (
            np.einsum("ru,su...->rs...", draws, sums, optimize=True) for sums in both
        )
        differences = score(of_second) - score(of_first)
        times = generator.multinomial(seeds, seed_shares, size)
        # A seed that isn't drawn doesn't count, whether or not it has a score.
        values.append(np.where(times > 0, times * differences, 0.0).mean(axis=-1))
    resampled = np.concatenate(values)
    value = (score(second.sum(axis=1)) - score(first.sum(axis=1))).mean()
    defined = resampled[np.isfinite(resampled)]
    undefined = 1 - len(defined) / resamples
    if not len(defined):
        return Interval(float(value), np.nan, np.nan, undefined)
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(value), float(low), float(high), undefined)


def sum_by_unit(sums: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Add up tiles that belong to one unit.

    Args:
        sums: (N, 3) per tile.
        units: (N,) unit of each tile, any labels.

    Returns:
        (U, 3) in the labels' sorted order.
    """
    names, index = np.unique(units, return_inverse=True)
    result = np.zeros((len(names), sums.shape[1]), np.int64)
    np.add.at(result, index, sums)
    return result


def _chunks(total: int, size: int) -> list[int]:
    return [min(size, total - start) for start in range(0, total, size)]


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    result = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator > 0)
