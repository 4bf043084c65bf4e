import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmext.datasets.depth.image_file import read_grey, read_image
from mmext.datasets.depth.thermal_encoding import (
    PERCENTILE,
    check_normalisation,
    ms2_celsius,
    normalise,
)
from mmext.errors import UserError

RANGE = {"type": "range", "low": 3000, "high": 6000}


def test_range_keeps_equal_counts_equal():
    raw = np.array([[0, 3000, 4500], [6000, 16383, 65535]], np.uint16)
    np.testing.assert_allclose(normalise(raw, RANGE), [[0, 0, 0.5], [1, 1, 1]])


@given(st.integers(0, 200), st.integers(1, 250), st.integers(0, 1000))
def test_percentile_forgets_gain_and_offset(gain, offset, seed):
    raw = np.random.default_rng(seed).integers(0, 255, (7, 9))
    eight = raw.astype(np.uint8)
    sixteen = (raw * (gain + 1) + offset).astype(np.uint16)
    np.testing.assert_allclose(
        normalise(eight, PERCENTILE), normalise(sixteen, PERCENTILE), atol=1e-4
    )


def test_an_image_without_contrast_is_zero():
    flat = np.full((5, 4), 3210, np.uint16)
    assert not normalise(flat, PERCENTILE).any()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"type": "minmax"}, "'minmax', expected one of percentile, range"),
        ({"type": "range", "low": 1}, "expected type, low, high"),
        ({"type": "range", "low": 5, "high": 5}, "low is 5 and high 5"),
        ({"type": "percentile", "low": 1, "high": 101}, "≤ 100"),
    ],
)
def test_settings_without_sense_are_refused(settings, complaint):
    with pytest.raises(UserError, match=complaint):
        check_normalisation(settings)


def test_ms2_counts_as_temperature():
    # The inverse, raw = 380747 / (exp(1428 / kelvin) - 1) - 88.539, worked by hand.
    celsius = np.array([0.0, 20, 37])
    raw = 380747 / (np.exp(1428 / (celsius + 273.15)) - 1) - 88.539
    np.testing.assert_allclose(ms2_celsius(raw), celsius, atol=1e-3)
    shares = normalise(raw[None], {"type": "ms2_celsius", "low": 0, "high": 40})
    np.testing.assert_allclose(shares, celsius[None] / 40, atol=1e-4)


def test_grey_in_three_channels_is_grey_and_colour_is_not(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = tmp_path / "t.png"
    cv2.imwrite(str(path), np.repeat(grey[..., None], 3, axis=2))
    np.testing.assert_array_equal(read_grey(path), grey)
    cv2.imwrite(str(path), cv2.applyColorMap(grey * 20, cv2.COLORMAP_JET))
    with pytest.raises(UserError, match="in colour, expected one channel"):
        read_grey(path)


def test_16_bit_and_float_files_keep_their_values(tmp_path):
    counts = np.array([[0, 1], [16383, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "t.tif"), counts)
    np.testing.assert_array_equal(read_image(tmp_path / "t.tif"), counts)
    floats = np.array([[0.25, -3e5], [1e-7, 2]], np.float32)
    cv2.imwrite(str(tmp_path / "f.tiff"), floats)
    np.testing.assert_array_equal(read_image(tmp_path / "f.tiff"), floats)


def test_unreadable_files_are_named(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    for name in ("empty.png", "text.png", "absent.png"):
        with pytest.raises(UserError, match=name):
            read_image(tmp_path / name)
