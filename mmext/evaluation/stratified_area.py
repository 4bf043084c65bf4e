"""Areas and accuracies from a stratified sample of checked points.

Olofsson, Foody, Herold, Stehman, Woodcock & Wulder (2014), Good practices for
estimating area and assessing accuracy of land change, Remote Sensing of Environment
148.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Of a normal distribution, what 95 % lie within.
_WITHIN = 1.96


@dataclass(frozen=True)
class Estimate:
    """An estimate with its standard error.

    Attributes:
        value: The estimate; NaN where there is none.
        error: Its standard error, in the same unit.
    """

    value: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _WITHIN * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _WITHIN * self.error


@dataclass(frozen=True)
class StratifiedSample:
    """What was found at points that were drawn at random within strata.

    Attributes:
        areas: (H,) float64, the strata's areas, above 0.
        counts: (H, K) int64, how many points of a stratum are of a reference class;
            two points at least in each stratum.
    """

    areas: np.ndarray
    counts: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(H, K) share of a stratum's points that are of a class."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    def area(self, reference: int) -> Estimate:
        """The area of a reference class (equations 9 to 11)."""
        return self._sum(self.areas, reference)

    def users_accuracy(self, strata: Sequence[int], reference: int) -> Estimate:
        """Share of some strata's area that is of a reference class (2 and 6)."""
        weights = self._within(strata)
        return self._sum(weights / weights.sum(), reference)

    def producers_accuracy(self, strata: Sequence[int], reference: int) -> Estimate:
        """Share of a reference class's area that lies in some strata (3 and 7).

        As a ratio of two estimated sums (Stehman 2014, equations 24 and 28), so that a
        map class may be of several strata; of one it is Olofsson's.
        """
        total = self.area(reference).value
        if not total:
            return Estimate(math.nan, math.nan)
        value = self._sum(self._within(strata), reference).value / total
        residuals = (self._within(strata) - value * self.areas) / total
        return Estimate(value, self._sum(residuals, reference).error)

    def overall_accuracy(self, classes: Sequence[int]) -> Estimate:
        """Share of the area that is what it is mapped as (1 and 5).

        Args:
            classes: Of each stratum the reference class that it is mapped as.
        """
        weights = self.areas / self.areas.sum()
        parts = [
            self._sum(np.where(np.array(classes) == reference, weights, 0), reference)
            for reference in range(self.counts.shape[1])
        ]
        # A stratum is in one part only: parts are independent.
        error = math.hypot(*(part.error for part in parts))
        return Estimate(sum(part.value for part in parts), error)

    def _within(self, strata: Sequence[int]) -> np.ndarray:
        return np.where(np.isin(np.arange(len(self.areas)), strata), self.areas, 0.0)

    def _sum(self, weights: np.ndarray, reference: int) -> Estimate:
        """Σ weight · share over strata."""
        shares, points = self.shares[:, reference], self.counts.sum(axis=1)
        variances = weights**2 * shares * (1 - shares) / (points - 1)
        return Estimate(
            float((weights * shares).sum()), float(np.sqrt(variances.sum()))
        )


def allocate(areas: np.ndarray, points: int, least: int = 50) -> np.ndarray:
    """How many of some points go to each stratum.

    Rare strata get ``least`` points (of few points an equal share of half of them), the
    others the rest, by area (Olofsson et al. 2014, section 5.1.3).

    Args:
        areas: (H,) above 0.
        points: In all; two for each stratum at least.
        least: Points of a rare stratum.

    Returns:
        (H,) int64 that sum to ``points``.
    """
    least = max(2, min(least, points // (2 * len(areas))))
    wanted = areas / areas.sum() * points
    rare = wanted < least
    while True:
        rest = points - least * rare.sum()
        wanted = np.where(rare, least, areas / areas[~rare].sum() * rest)
        if not (wanted < least).any():
            break
        rare |= wanted < least
    given = np.floor(wanted).astype(np.int64)
    # What rounding has left goes to those that lost most by it.
    lost = np.argsort(given - wanted, kind="stable")
    given[lost[: points - given.sum()]] += 1
    return given
