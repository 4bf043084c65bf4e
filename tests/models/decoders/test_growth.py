"""Growth against SciPy's dilation, and beside pixels that have no data."""

import numpy as np
import pytest
from scipy import ndimage

from mmext.models.decoders.growth import grow

CROSS = ndimage.generate_binary_structure(2, 1)
SQUARE = np.ones((3, 3), bool)
RNG = np.random.default_rng(2)


@pytest.mark.parametrize("shape", [(30, 41), (1, 7), (6, 1), (1, 1)])
@pytest.mark.parametrize("pixels", range(6))
def test_is_a_dilation_by_crosses_and_squares(pixels, shape):
    mask = RNG.random(shape) > 0.96
    expected = mask
    for step in range(pixels):
        expected = ndimage.binary_dilation(expected, SQUARE if step % 2 else CROSS)
    np.testing.assert_array_equal(grow(mask, pixels), expected)
    valid = np.ones_like(mask)
    np.testing.assert_array_equal(grow(mask, pixels, valid), expected)


def reached(mask, pixels, valid):
    """By hand, pixel by pixel: a corner needs one of the two pixels between."""
    inside = {tuple(at) for at in np.argwhere(valid)}
    found = {tuple(at) for at in np.argwhere(mask & valid)}
    for step in range(pixels):
        more = set()
        for row, column in found:
            for y, x in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                more.add((row + y, column + x))
            for y, x in ((1, 1), (1, -1), (-1, 1), (-1, -1)) if step % 2 else ():
                if inside & {(row + y, column), (row, column + x)}:
                    more.add((row + y, column + x))
        found |= more & inside
    grown = np.zeros_like(mask)
    for at in found:
        grown[at] = True
    return grown


@pytest.mark.parametrize("pixels", range(6))
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_goes_around_what_has_no_data(pixels, share):
    mask, valid = RNG.random((2, 25, 33)) < [[[0.05]], [[share]]]
    grown = grow(mask, pixels, valid)
    np.testing.assert_array_equal(grown, reached(mask, pixels, valid))
    # Nothing that has grown lies apart from what it grew from.
    labels, number = ndimage.label(grown)
    assert set(np.unique(labels[mask & valid])) | {0} == set(range(number + 1))


def test_a_line_without_data_is_not_crossed():
    mask, valid = np.zeros((5, 9), bool), np.ones((5, 9), bool)
    mask[2, 3], valid[:, 5] = True, False
    grown = grow(mask, 6, valid)
    assert grown[:, :5].all() and not grown[:, 5:].any()


def test_images_of_a_batch_grow_alone():
    masks = RNG.random((3, 11, 13)) > 0.95
    alone = np.stack([grow(mask, 3) for mask in masks])
    np.testing.assert_array_equal(grow(masks, 3), alone)
    assert not grow(np.zeros((2, 4, 4), bool), 5).any()


def test_a_pixel_becomes_an_octagon():
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    # A cross, the 5 x 5 square without its corners, and so on.
    assert [grow(mask, pixels).sum() for pixels in range(4)] == [1, 5, 21, 37]
