import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmext.datasets.depth.transforms.load_depth import read_metres
from mmext.errors import UserError
from mmext.inference.depth.depth_files import check_scale, write_png, write_tiff
from mmext.inference.depth.point_cloud import Intrinsics, to_points, write_ply
from mmext.inference.depth.preview import colour, preview

CAMERA = Intrinsics(20.0, 25.0, 3.0, 2.0)


def test_png_in_millimetres_reads_back(tmp_path):
    metres = np.array([[0, 0.0014, 1.2345], [9.9996, 65.535, 80]])
    write_png(tmp_path / "d.png", metres)
    stored = cv2.imread(str(tmp_path / "d.png"), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16
    # Never wrapped round: what is too deep ends at 65535.
    np.testing.assert_array_equal(stored, [[0, 1, 1234], [10000, 65535, 65535]])
    read = read_metres(tmp_path / "d.png", 1000)
    np.testing.assert_allclose(read[0], metres[0], atol=5e-4 + 1e-6)


def test_tiff_reads_back_exactly(tmp_path):
    metres = np.random.default_rng(0).uniform(0, 80, (7, 9)).astype(np.float32)
    write_tiff(tmp_path / "d.tif", metres)
    np.testing.assert_array_equal(read_metres(tmp_path / "d.tif", 1), metres)


def test_a_scale_that_cannot_hold_the_depth_is_refused():
    check_scale(1000, 65.5)
    with pytest.raises(UserError, match=r"ends at 65\.5 m .* up to 80 m"):
        check_scale(1000, 80)
    check_scale(256, 80)
    with pytest.raises(UserError, match="above 0"):
        check_scale(0, 80)


def test_points_against_the_pinhole_by_hand():
    metres = np.zeros((4, 6), np.float32)
    metres[2, 3] = 5  # on the axis
    metres[3, 1] = 2
    points = to_points(metres, CAMERA)
    np.testing.assert_allclose(points, [[0, 0, 5], [-2 / 20 * 2, 1 / 25 * 2, 2]])


@given(st.integers(0, 500))
def test_points_project_back_to_their_pixels(seed):
    metres = np.random.default_rng(seed).uniform(0.3, 80, (5, 7))
    x, y, z = to_points(metres, CAMERA).astype(float).T
    rows, columns = np.indices(metres.shape).reshape(2, -1)
    np.testing.assert_allclose(CAMERA.fx * x / z + CAMERA.cx, columns, atol=1e-4)
    np.testing.assert_allclose(CAMERA.fy * y / z + CAMERA.cy, rows, atol=1e-4)


def test_ply_holds_the_points(tmp_path):
    metres = np.arange(24, dtype=np.float32).reshape(4, 6)
    thermal = metres / 23
    write_ply(tmp_path / "p.ply", metres, thermal, CAMERA)
    header, _, body = (tmp_path / "p.ply").read_bytes().partition(b"end_header\n")
    lines = header.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert "element vertex 23" in lines  # the pixel of depth 0 is left out
    assert len(body) == 23 * 15
    kinds = [("xyz", "<f4", 3), ("grey", "u1", 3)]
    vertices = np.frombuffer(body, np.dtype(kinds))
    np.testing.assert_array_equal(vertices["xyz"], to_points(metres, CAMERA))
    np.testing.assert_array_equal(vertices["grey"][-1], [255, 255, 255])


def test_preview_colours_follow_the_limits():
    metres = np.array([[1.0, 2, 3, 40]])
    near, middle, far, beyond = colour(metres, (1, 3))[0].astype(int).sum(axis=1)
    assert near > middle > far
    assert far == beyond
    thermal = np.zeros((20, 30))
    flat = preview(thermal, np.full((20, 30), 2.0))
    assert flat.shape == (20, 30 + 30 + 66, 3)
    assert flat.dtype == np.uint8
