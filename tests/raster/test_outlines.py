import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize, shapes
from rasterio.windows import Window
from scipy import ndimage
from shapely.geometry import shape

from mmext.raster.outlines import label_outlines, mask_outline, place, window_outline

EIGHT = np.ones((3, 3), int)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(1, 20),
    st.integers(1, 20),
    st.floats(0, 1),
    st.sampled_from([None, EIGHT]),
)
def test_each_label_is_outlined(seed, height, width, share, structure):
    mask = np.random.default_rng(seed).random((height, width)) < share
    labels, number = ndimage.label(mask, structure)
    ids, outlines = label_outlines(labels)
    assert ids.tolist() == list(range(1, number + 1))
    assert shapely.is_valid(outlines).all()
    drawn = (
        rasterize(zip(outlines, ids.tolist(), strict=True), (height, width))
        if number
        else np.zeros_like(labels)
    )
    np.testing.assert_array_equal(drawn, labels)
    # What GDAL and GEOS make of it, slowly.
    connectivity = 4 if structure is None else 8
    slow = shapes(labels.astype(np.int32), mask, connectivity)
    expected = {int(of): shapely.make_valid(shape(found)) for found, of in slow}
    for label, outline in zip(ids.tolist(), outlines, strict=True):
        assert outline.equals(expected[label])


def test_labels_may_have_gaps_and_lie_apart():
    labels = np.array([[7, 0, 7], [0, 3, 0], [0, 0, 9]])
    ids, outlines = label_outlines(labels)
    assert ids.tolist() == [3, 7, 9]
    assert [len(shapely.get_parts(outline)) for outline in outlines] == [1, 2, 1]
    assert shapely.area(outlines).tolist() == [1, 2, 1]


def test_outline_of_a_mask():
    transform = rasterio.Affine(0.5, 0, 100, 0, -0.5, 900)
    outline = mask_outline(np.eye(2, dtype=bool), transform)
    assert outline.bounds == (100, 899, 101, 900)
    assert outline.area == pytest.approx(0.5)
    assert mask_outline(np.zeros((2, 2), bool), transform).is_empty


def test_outline_of_a_window():
    """From the upper left corner on, by the upper right one, as files expect it."""
    window, pixel = Window(2, 3, 4, 5), rasterio.Affine.identity()
    corners = [(2, 3), (6, 3), (6, 8), (2, 8)]
    assert list(window_outline(window, pixel).exterior.coords)[:-1] == corners
    north_up = rasterio.Affine(0.5, 0, 100, 0, -0.5, 900)
    assert window_outline(window, north_up).bounds == (101, 896, 103, 898.5)
    turned = window_outline(window, rasterio.Affine.rotation(45, (4, 5.5)))
    assert turned.area == pytest.approx(20) and turned.centroid.equals_exact(
        shapely.Point(4, 5.5), 1e-9
    )
    half_diagonal = (4 + 5) / 2 / np.sqrt(2)
    assert turned.bounds[0] == pytest.approx(4 - half_diagonal)


def test_a_corner_is_one_point_whoever_has_it():
    """On a turned grid, whatever the length of the array it comes in."""
    transform = rasterio.Affine.rotation(17) * rasterio.Affine(0.149, 0, 1e6, 0, -3, 7)
    corners = np.random.default_rng(0).integers(0, 9999, (1001, 2)).astype(float)
    together = shapely.get_coordinates(place(shapely.points(corners), transform))
    alone = [place(shapely.Point(corner), transform).coords[0] for corner in corners]
    assert together.tolist() == [list(point) for point in alone]
