import numpy as np
import pytest

from mmext.datasets.depth.calibration import CameraPair
from mmext.prepare.structural_depth.warping import project, warp_to_thermal

K = np.array([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])
SHAPE = (25, 33)


def pair(x=0.0, rotation=None, k_rgb=K):
    rotation = np.eye(3) if rotation is None else rotation
    return CameraPair(K, k_rgb, rotation, np.array([x, 0, 0]))


def ramp():
    rows, columns = np.indices(SHAPE)
    return (1 + rows + 100 * columns).astype(np.float32)


def test_the_same_camera_sees_the_same():
    depth = np.full(SHAPE, 2, np.float32)
    np.testing.assert_allclose(warp_to_thermal(ramp(), depth, pair()), ramp())


def test_unknown_depth_stays_unknown():
    depth = np.full(SHAPE, 2, np.float32)
    depth[3:6, 4] = 0
    warped = warp_to_thermal(ramp(), depth, pair())
    assert not warped[3:6, 4].any()
    assert (warped[depth > 0] > 0).all()


def test_a_shifted_camera_sees_by_disparity():
    # 0.2 m beside: disparity 30 · 0.2 / 2 = 3 pixels.
    depth = np.full(SHAPE, 2, np.float32)
    warped = warp_to_thermal(ramp(), depth, pair(0.2))
    np.testing.assert_allclose(warped[:, :-3], ramp()[:, 3:], rtol=1e-6)
    assert not warped[:, -3:].any()  # outside the colour image


def test_what_is_hidden_from_the_colour_camera_is_unknown():
    # A near square before a wall; disparities 12 and 3 pixels.
    depth = np.full(SHAPE, 2, np.float32)
    depth[8:16, 10:14] = 0.5
    warped = warp_to_thermal(ramp(), depth, pair(0.2))
    # The square lands on columns 22–25; wall columns 19–22 land there too.
    assert (warped[8:16, 10:14] > 0).all()
    assert not warped[9:15, 19:23].any()
    assert (warped[8:16, 15:18] > 0).all()
    assert (warped[:7, 19:23] > 0).all()


def test_a_turned_camera_of_other_focal_length_against_a_naive_projection():
    angle = np.radians(4)
    turn = np.array(
        [
            [np.cos(angle), 0, np.sin(angle)],
            [0, 1, 0],
            [-np.sin(angle), 0, np.cos(angle)],
        ]
    )
    k_rgb = np.array([[45.0, 0, 24], [0, 50, 20], [0, 0, 1]])
    cameras = pair(0.1, turn, k_rgb)
    for column, row, depth in ((0, 0, 1.5), (31, 20, 4.0), (16, 12, 2.0)):
        point = np.array([(column - 16) / 30 * depth, (row - 12) / 30 * depth, depth])
        x, y, z = turn @ point + (0.1, 0, 0)
        u, v, distance = project(
            np.array([column]), np.array([row]), np.array([depth]), cameras
        )
        assert u[0] == pytest.approx(45 * x / z + 24)
        assert v[0] == pytest.approx(50 * y / z + 20)
        assert distance[0] == pytest.approx(z)


def test_points_behind_the_colour_camera_are_unknown():
    cameras = CameraPair(K, K, np.eye(3), np.array([0, 0, -3.0]))
    depth = np.full(SHAPE, 2, np.float32)
    assert not warp_to_thermal(ramp(), depth, cameras).any()


def test_no_depth_at_all():
    assert not warp_to_thermal(ramp(), np.zeros(SHAPE, np.float32), pair()).any()
