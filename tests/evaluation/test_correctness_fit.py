"""The fitted probability against the truth it was drawn from."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from mmext.evaluation.calibration import calibration_error
from mmext.evaluation.correctness_fit import fit_correctness

RNG = np.random.default_rng(2)


def objects(number, truth=None, seed=0):
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0.5, 1, number)
    table = pd.DataFrame(
        {
            "mean_prob": mean,
            "max_prob": mean + (1 - mean) * rng.random(number),
            "area_m2": np.exp(rng.normal(3, 1, number)),
            "error_only": rng.random(number) < 0.3,
        }
    )
    share = true_probability(table) if truth is None else np.full(number, truth)
    return table.assign(correct=rng.random(number) < share)


def true_probability(table):
    """Far from what the network says of itself."""
    odds = 1.5 * logit(table["mean_prob"].clip(0.002, 0.998)) - 4
    return expit(odds + 0.8 * np.log(table["area_m2"]) - table["error_only"])


def test_what_was_drawn_is_found_again():
    fitted = fit_correctness(objects(4000))
    new = objects(3000, seed=1)
    found = fitted.probability(new)
    assert np.abs(found - true_probability(new)).mean() < 0.03
    correct = new["correct"].to_numpy()
    assert calibration_error(found, correct) < 0.04
    assert calibration_error(new["mean_prob"].to_numpy(), correct) > 0.15
    assert [term.feature for term in fitted.terms] == [
        "mean_prob", "area_m2", "max_prob", "error_only"
    ]  # fmt: skip
    assert (fitted.objects, fitted.correct) == (4000, objects(4000)["correct"].sum())


def test_against_a_plain_logistic_fit():
    """Of many objects penalty and Platt's targets don't matter."""
    table = objects(20_000, seed=3)
    design = np.column_stack(
        [
            np.ones(len(table)),
            logit(table["mean_prob"].clip(0.002, 0.998)),
            np.log(table["area_m2"]),
            logit(table["max_prob"].clip(0.002, 0.998)),
            table["error_only"],
        ]
    )
    correct = table["correct"].to_numpy()
    plain = minimize(
        lambda w: np.logaddexp(0, np.where(correct, -1, 1) * (design @ w)).sum(),
        np.zeros(5),
        method="Nelder-Mead",
        options=dict(maxiter=20_000, maxfev=20_000, xatol=1e-6, fatol=1e-6),
    ).x
    fitted = fit_correctness(table)
    weights = [fitted.intercept, *(term.weight for term in fitted.terms)]
    assert weights == pytest.approx(plain, abs=0.02)


@pytest.mark.parametrize("truth, share", [(1, 101 / 102), (0, 1 / 102)])
def test_all_correct_and_all_wrong(truth, share):
    fitted = fit_correctness(objects(100, truth))
    assert fitted.terms == ()
    found = fitted.probability(objects(7, seed=4))
    assert found == pytest.approx(np.full(7, share))


def test_few_objects():
    assert fit_correctness(objects(0)) is None
    assert fit_correctness(objects(1)) is None
    assert fit_correctness(objects(29)) is None
    # Eleven wrong ones carry one term, the mean.
    table = objects(60, 1)
    table.loc[:10, "correct"] = False
    assert [term.feature for term in fit_correctness(table).terms] == ["mean_prob"]
    assert len(fitted_to_nothing := fit_correctness(table).probability(objects(0))) == 0
    assert fitted_to_nothing.dtype == float


def test_told_apart_without_a_mistake():
    table = objects(200)
    table["correct"] = table["mean_prob"] > 0.75
    found = fit_correctness(table).probability(table)
    assert 0 < found.min() < 0.1 and 0.9 < found.max() < 1
    assert ((found > 0.5) == table["correct"]).mean() > 0.95


def test_beyond_what_was_seen_nothing_is_made_up():
    fitted = fit_correctness(objects(500))
    edge = objects(1, seed=5).assign(area_m2=1e9)
    largest = edge.assign(area_m2=objects(500)["area_m2"].max())
    assert fitted.probability(edge) == pytest.approx(fitted.probability(largest))


def test_what_is_constant_is_no_term():
    table = objects(500).assign(error_only=False)
    assert "error_only" not in [t.feature for t in fit_correctness(table).terms]
    table = table.assign(mean_prob=0.9, max_prob=0.9, area_m2=4.0)
    assert fit_correctness(table).terms == ()
