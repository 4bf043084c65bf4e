"""The probability that an object of a map is correct, from what the map says of it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import expit, logit

from mmext.checked import Count, Finite, Index, checked, settings
from mmext.pixel_values import PROBABILITY_STEPS

#: Half a step of a stored probability: nearer to 0 or 1 nothing is known.
_NEAREST = 0.5 / PROBABILITY_STEPS

Feature = Literal["mean_prob", "area_m2", "max_prob", "error_only"]


def _log_odds(probability: np.ndarray) -> np.ndarray:
    return logit(probability.clip(_NEAREST, 1 - _NEAREST))


#: What a term sees of its column; the most telling first.
FEATURES: dict[Feature, Callable[[np.ndarray], np.ndarray]] = {
    "mean_prob": _log_odds,
    "area_m2": lambda area: np.log(np.maximum(area, 1e-6)),
    "max_prob": _log_odds,
    "error_only": lambda only: only.astype(float),
}


@settings
class Term:
    """What a feature adds to the log-odds.

    Attributes:
        feature: Which, see :data:`FEATURES`.
        weight: Log-odds for each unit of it.
        low: The least that objects of the validation store had; less counts as this.
        high: The most.
    """

    feature: Feature
    weight: Finite
    low: Finite
    high: Finite


@settings
class Correctness:
    """A logistic model of whether an object is correct.

    Attributes:
        intercept: Log-odds where all terms are 0.
        terms: What is added; of few objects there is none.
        objects: It was fitted to so many,
        correct: of which so many were correct.
    """

    intercept: Finite
    terms: Annotated[tuple[Term, ...], Field(max_length=len(FEATURES))]
    objects: Count
    correct: Index

    def probability(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """How likely each object is correct.

        Args:
            columns: (N,) each: ``mean_prob``, ``max_prob``, ``area_m2``, and
                ``error_only``, bool, whether no pixel is in the target channel.

        Returns:
            (N,) float64 in [0, 1].
        """
        odds = np.full(len(columns["mean_prob"]), self.intercept)
        for term in self.terms:
            value = FEATURES[term.feature](np.asarray(columns[term.feature]))
            odds += term.weight * value.clip(term.low, term.high)
        return expit(odds)


def correctness_of(meta: Mapping[str, Any], where: str) -> Correctness | None:
    """What ``mmext fit-decision`` left in a checkpoint's meta; None if nothing.

    Raises:
        UserError: It is something else.
    """
    decision = meta.get("decision")
    found = decision.get("correctness") if isinstance(decision, Mapping) else None
    if found is None:
        return None
    return checked(
        Correctness, found, f"{where}: meta['decision'].correctness", strict=False
    )
