import numpy as np

from mmext.report.curves import std_of_next


def test_deviation_of_the_next_epochs():
    values = np.random.default_rng(0).random(20)
    result = std_of_next(values, 10)
    for index in range(11):
        assert np.isclose(result[index], np.std(values[index : index + 10]))
    assert np.isnan(result[11:]).all()


def test_too_short_a_series_has_none():
    assert np.isnan(std_of_next(np.ones(3), 10)).all()
