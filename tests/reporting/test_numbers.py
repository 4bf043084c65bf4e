import math
import statistics

import numpy as np
import pytest

from mmext.evaluation.bootstrap import Interval
from mmext.reporting.numbers import (
    ends,
    mean_and_deviation,
    rounded,
    value_and_interval,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (-0.05, "−0.0500"),
        (0.09999, "0.100"),  # not 0.1000
        (0.09994, "0.0999"),
        (12.0, "12.000"),
        (math.nan, "–"),
        (-math.inf, "–"),
    ],
)
def test_rounding(value, text):
    assert rounded(value) == text


def test_mean_and_deviation_of_a_sample():
    values = [0.6, 0.75, 0.8]
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    assert mean_and_deviation(values) == f"{mean:.3f} ± {deviation:.3f}"
    # The deviation has as many digits as its mean.
    assert mean_and_deviation([0.02, 0.22]) == "0.120 ± 0.141"
    assert mean_and_deviation([0.01, 0.03]) == "0.0200 ± 0.0141"
    assert mean_and_deviation([-0.03, -0.01], "+.1%") == "−2.0% ± 1.4%"


def test_what_is_not_known_is_left_out():
    assert mean_and_deviation(np.array([0.5, np.nan, np.inf])) == "0.500"
    assert mean_and_deviation([math.nan]) is None
    assert mean_and_deviation([]) is None


def test_an_interval():
    text = value_and_interval(Interval(-0.01, -0.2, 0.05))
    assert text == "−0.010 [−0.200, +0.050]"
    assert ends(Interval(-0.01, -0.2, 0.05)) == "[−0.200, +0.050]"
    assert value_and_interval(Interval(*[math.nan] * 3)) == "–"
    one = Interval(-0.01, math.nan, math.nan)
    assert (value_and_interval(one), ends(one)) == ("−0.010", "–")
