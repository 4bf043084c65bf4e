import numpy as np
import pytest
from rasterio.features import shapes
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
