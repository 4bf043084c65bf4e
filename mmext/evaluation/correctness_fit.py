"""Fitting the probability that an object is correct to validation objects."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from mmext.inference.correctness import FEATURES, Correctness, Term

#: Fewer objects say nothing of the next ones.
LEAST_OBJECTS = 30
#: A term needs this many objects of the rarer kind, correct or not.
_PER_TERM = 10
#: Penalty on squared weights of standardised features: none of them runs away where
#: objects can be told apart without a mistake.
_RIDGE = 0.5


def fit_correctness(objects: pd.DataFrame) -> Correctness | None:
    """Fit a logistic model to objects.

    Targets are those of Platt (1999): (n₊ + 1) / (n₊ + 2) for the correct and
    1 / (n₋ + 2) for the others, so that no probability is 0 or 1 because nothing else
    was seen. There are as many terms as the rarer kind has tens of objects; with fewer
    than ten every object gets the same.

    Args:
        objects: As of :func:`.scored_objects.scored_objects`.

    Returns:
        The model; None of fewer than :data:`LEAST_OBJECTS` objects.
    """
    number = len(objects)
    if number < LEAST_OBJECTS:
        return None
    correct = objects["correct"].to_numpy(bool)
    right = int(correct.sum())
    wrong = number - right
    # Constant ones say nothing.
    columns = {
        name: values
        for name, feature in FEATURES.items()
        if np.ptp(values := feature(objects[name].to_numpy())) > 0
    }
    names = list(columns)[: min(right, wrong) // _PER_TERM]
    if not names:
        share = (right + 1) / (number + 2)
        return Correctness(float(logit(share)), (), number, right)
    values = np.stack([columns[name] for name in names], axis=1)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    design = np.column_stack([np.ones(number), (values - centre) / spread])
    target = np.where(correct, (right + 1) / (right + 2), 1 / (wrong + 2))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = design @ weights
        slope = design.T @ (expit(odds) - target)
        slope[1:] += 2 * _RIDGE * weights[1:]
        cost = np.logaddexp(0, odds) - target * odds
        return float(cost.sum() + _RIDGE * (weights[1:] ** 2).sum()), slope

    start = np.zeros(design.shape[1])
    first, *rest = minimize(loss, start, jac=True, method="BFGS").x
    weights = rest / spread
    terms = [
        Term(name, float(weight), float(column.min()), float(column.max()))
        for name, weight, column in zip(names, weights, values.T, strict=True)
    ]
    intercept = float(first - (weights * centre).sum())
    return Correctness(intercept, tuple(terms), number, right)
