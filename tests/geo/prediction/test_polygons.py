import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape

from mmext.geo.prediction.polygons import StripPolygonizer

TRANSFORM = rasterio.Affine(0.5, 0, 100, 0, -0.5, 900)


def by_strips(codes, probability, heights):
    polygonizer = StripPolygonizer(TRANSFORM)
    objects, row = [], 0
    for height in heights:
        part = slice(row, row + height)
        objects += polygonizer.add(codes[part], probability[part])
        row += height
    return objects + list(polygonizer.finish())


def key(geometry):
    return shapely.normalize(geometry).wkb


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(1, 24),
    st.integers(1, 24),
    st.floats(0.2, 0.8),
    st.integers(1, 9),
)
def test_strips_give_the_polygons_of_the_whole(seed, height, width, share, step):
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 4, (height, width)).astype(np.uint8)
    codes[rng.random((height, width)) > share] = 0
    codes[rng.random((height, width)) > 0.97] = 255
    probability = rng.random((height, width))
    heights = [min(step, height - row) for row in range(0, height, step)]
    objects = by_strips(codes, probability, heights)
    mask = (codes > 0) & (codes < 255)
    labels, number = ndimage.label(mask)
    whole = [
        shape(geometry)
        for geometry, _ in shapes(labels.astype(np.int32), mask, 4, TRANSFORM)
    ]
    assert len(objects) == number
    simple = {key(g.buffer(0).simplify(0)) for g in whole}
    assert {key(o.geometry.buffer(0).simplify(0)) for o in objects} == simple
    sums = sorted(
        (int((labels == i).sum()), round(float(probability[labels == i].mean()), 9))
        for i in range(1, number + 1)
    )
    assert sorted((o.pixels, round(o.mean_prob, 9)) for o in objects) == sums


@pytest.mark.parametrize(
    "codes, source",
    [([1, 1], "target"), ([2, 2], "error"), ([1, 2], "both"), ([3], "both")],
)
def test_sources(codes, source):
    strip = np.array([codes], np.uint8)
    [item] = by_strips(strip, strip / 4, [1])
    assert item.source == source
    assert item.max_prob == max(codes) / 4


def test_an_object_through_many_strips_is_one():
    """A spiral, one row at a time: parts that meet only at the very end."""
    codes = np.zeros((9, 9), np.uint8)
    codes[0], codes[:, 0], codes[8], codes[2:9, 8] = 1, 1, 1, 1
    codes[2, 2:9], codes[2:7, 2], codes[6, 2:7] = 1, 1, 1
    objects = by_strips(codes, codes.astype(float), [1] * 9)
    assert len(objects) == 1
    assert objects[0].pixels == codes.sum()
    assert objects[0].geometry.area == pytest.approx(codes.sum() * 0.25)


def test_only_what_crosses_the_line_is_held():
    polygonizer = StripPolygonizer(TRANSFORM)
    codes = np.zeros((10, 50), np.uint8)
    codes[2:5, ::4] = 1
    assert len(list(polygonizer.add(codes, codes / 1.0))) == 13
    assert not polygonizer._open
