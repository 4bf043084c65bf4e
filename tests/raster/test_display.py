from types import SimpleNamespace

import numpy as np
import pytest

from mmext.raster.display import Display

RNG = np.random.default_rng(0)


def store(images, masks=None):
    masks = np.zeros(images.shape[:3], np.uint8) if masks is None else masks

    class Store(SimpleNamespace):
        def __len__(self):
            return len(images)

    return Store(images=images, masks=masks)


def test_bytes_are_shown_as_they_are():
    images = RNG.integers(0, 256, (3, 5, 4, 4), np.uint8)
    display = Display(store(images))
    np.testing.assert_array_equal(display.as_bytes(images[1]), images[1][..., :3])
    assert display(images[1]).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_the_rest_is_stretched_by_percentiles_of_what_is_valid(dtype):
    images = RNG.integers(200, 1200, (200, 8, 8, 3)).astype(dtype)
    masks = np.zeros((200, 8, 8), np.uint8)
    masks[:, :3] = 255
    images[:, :3] = 60000  # not valid: it counts for nothing
    display = Display(store(images, masks))
    shown = display(images[7][4:])
    low, high = 200 + 0.02 * 1000, 200 + 0.98 * 1000
    expected = np.clip((images[7][4:] - low) / (high - low), 0, 1)
    np.testing.assert_allclose(shown, expected, atol=0.02)
    # All by the same limits: a dark tile is dark beside a bright one.
    assert display(np.full((1, 3), 300)).max() < 0.15


def test_fewer_than_three_bands_are_grey():
    images = RNG.random((2, 4, 4, 2)).astype(np.float32)
    shown = Display(store(images))(images[0])
    assert shown.shape == (4, 4, 3)
    assert (shown == shown[..., :1]).all()
    assert (
        np.diff(shown[..., 0].ravel()[images[0, ..., 0].ravel().argsort()]) >= 0
    ).all()


def test_what_has_no_range_or_no_value_is_black():
    images = np.full((1, 4, 4, 1), 7, np.uint16)
    assert not Display(store(images))(images[0]).any()
    nothing_valid = store(images, np.full((1, 4, 4), 255, np.uint8))
    assert np.isfinite(Display(nothing_valid)(images[0])).all()
    floats = RNG.random((1, 4, 4, 1)).astype(np.float32)
    assert not Display(store(floats))(np.full((2, 1), np.nan)).any()
