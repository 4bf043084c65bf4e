import pytest

from mmext.engine.hooks.error_accumulation_hook import pass_points


@pytest.mark.parametrize(
    "iterations, passes, expected",
    [
        (10, 3, {4, 7, 10}),
        (9, 3, {3, 6, 9}),
        (176, 3, {59, 118, 176}),
        (2, 3, {1, 2}),
        (1, 3, {1}),
        (5, 1, {5}),
    ],
)
def test_passes_are_evenly_spaced_and_end_with_the_epoch(iterations, passes, expected):
    assert pass_points(iterations, passes) == expected
