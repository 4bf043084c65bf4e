import numpy as np
import pytest
from rasterio.features import shapes
from scipy.ndimage import binary_dilation
from shapely.geometry import shape

from mmext.evaluation.shape_filter import filter_shapes


def mask(*rows):
    return np.array([[int(c) for c in row] for row in rows], bool)


def test_small_components_go():
    before = mask("11000", "11010", "00001")
    assert filter_shapes(before, min_area=2).sum() == 4
    assert filter_shapes(before, min_area=4).sum() == 4
    assert filter_shapes(before, min_area=5).sum() == 0


def test_holes_are_filled_but_bays_stay():
    before = mask("11111", "10101", "11101", "11101", "11101")
    after = filter_shapes(before, max_hole=1)
    assert after[1, 1] and not after[1, 3]
    assert not filter_shapes(before, max_hole=0)[1, 1]


def test_compactness_is_that_of_the_polygon():
    rng = np.random.default_rng(0)
    before = rng.random((40, 33)) > 0.42
    after = filter_shapes(before, min_compactness=0.4)
    kept = 0
    for outline, value in shapes(before.astype(np.uint8), connectivity=4):
        polygon = shape(outline)
        if value:
            compact = 4 * np.pi * polygon.area / polygon.length**2
            kept += polygon.area if compact >= 0.4 else 0
    assert after.sum() == kept


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full(value):
    before = np.full((5, 7), value)
    after = filter_shapes(before, min_area=3, max_hole=9, min_compactness=0.1)
    np.testing.assert_array_equal(after, before)


def test_growing_is_an_octagon():
    before = np.zeros((9, 9), bool)
    before[4, 4] = True
    steps = [filter_shapes(before, grow=number).sum() for number in range(4)]
    # A cross, the 5 x 5 square without its corners' corners, and so on.
    assert steps == [1, 5, 21, 37]
    assert filter_shapes(before, min_area=2, grow=3).sum() == 0


@pytest.mark.parametrize("shape", [(30, 41), (1, 7), (6, 1), (1, 1)])
def test_growing_is_a_dilation_by_crosses_and_squares(shape):
    expected = np.random.default_rng(2).random(shape) > 0.93
    before = expected.copy()
    for step in range(5):
        np.testing.assert_array_equal(filter_shapes(before, grow=step), expected)
        square = np.ones((3, 3), bool)
        expected = binary_dilation(expected, square if step % 2 else None)
