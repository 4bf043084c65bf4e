import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape

from mmext.raster.strip_polygons import StripPolygonizer

TRANSFORM = rasterio.Affine(0.5, 0, 100, 0, -0.5, 900)


STATISTICS = {
    "total": ("value", "sum"),
    "lowest": ("value", "min"),
    "highest": ("value", "max"),
}


def by_strips(mask, value, heights):
    polygonizer = StripPolygonizer(TRANSFORM, STATISTICS)
    objects, row = [], 0
    for height in heights:
        part = slice(row, row + height)
        objects += polygonizer.add(mask[part], {"value": value[part]})
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
    mask = rng.random((height, width)) < share
    value = rng.random((height, width))
    heights = [min(step, height - row) for row in range(0, height, step)]
    objects = by_strips(mask, value, heights)
    labels, number = ndimage.label(mask)
    whole = [
        shapely.make_valid(shape(geometry))
        for geometry, _ in shapes(labels.astype(np.int32), mask, 4, TRANSFORM)
    ]
    assert len(objects) == number == len(whole)
    simple = {key(g.buffer(0).simplify(0)) for g in whole}
    assert {key(o.geometry.buffer(0).simplify(0)) for o in objects} == simple
    inside = [value[labels == i] for i in range(1, number + 1)]
    expected = sorted((len(v), v.min(), v.max(), round(v.sum(), 9)) for v in inside)
    assert expected == sorted(
        (
            o.pixels,
            o.values["lowest"],
            o.values["highest"],
            round(o.values["total"], 9),
        )
        for o in objects
    )


def test_an_object_through_many_strips_is_one():
    """A spiral, one row at a time: parts that meet only at the very end."""
    codes = np.zeros((9, 9), np.uint8)
    codes[0], codes[:, 0], codes[8], codes[2:9, 8] = 1, 1, 1, 1
    codes[2, 2:9], codes[2:7, 2], codes[6, 2:7] = 1, 1, 1
    objects = by_strips(codes > 0, codes, [1] * 9)
    assert len(objects) == 1
    assert objects[0].pixels == codes.sum()
    assert objects[0].geometry.area == pytest.approx(codes.sum() * 0.25)


def test_only_what_crosses_the_line_is_held():
    polygonizer = StripPolygonizer(TRANSFORM, STATISTICS)
    codes = np.zeros((10, 50), np.uint8)
    codes[2:5, ::4] = 1
    assert len(list(polygonizer.add(codes > 0, {"value": codes}))) == 13
    assert not polygonizer._open
