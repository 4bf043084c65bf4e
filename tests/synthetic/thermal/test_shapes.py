"""Where rays meet solids, against marching along them."""

import math

import numpy as np
import pytest

from mmext.synthetic.thermal.camera import Camera
from mmext.synthetic.thermal.shapes import Box, Cylinder, Ellipsoid

SHAPES = {
    "box": Box((5.0, 0.5, 0.2), (2.0, 1.0, 3.0), 0.7),
    "ellipsoid": Ellipsoid((6.0, -0.5, 0.3), (1.0, 2.0, 0.8)),
    "cylinder": Cylinder((4.0, 0.3, -1.5), 0.9, 2.0),
}


def inside(shape, points):
    if isinstance(shape, Box):
        offset = points - np.array(shape.centre)
        c, s = math.cos(shape.yaw), math.sin(shape.yaw)
        along = offset[..., 0] * c + offset[..., 1] * s
        across = -offset[..., 0] * s + offset[..., 1] * c
        own = np.stack([along, across, offset[..., 2]], axis=-1)
        return (np.abs(own) <= np.array(shape.size) / 2).all(axis=-1)
    if isinstance(shape, Ellipsoid):
        offset = (points - np.array(shape.centre)) / np.array(shape.radii)
        return (offset**2).sum(axis=-1) <= 1
    offset = points - np.array(shape.base)
    flat = (offset[..., :2] ** 2).sum(axis=-1) <= shape.radius**2
    return flat & (offset[..., 2] >= 0) & (offset[..., 2] <= shape.height)


@pytest.mark.parametrize("name", SHAPES)
def test_first_meeting_against_marching(name):
    shape = SHAPES[name]
    camera = Camera(15, 21, 15.0, (0.0, 0.0, 0.6), 0.05, -0.1)
    rays = camera.rays().reshape(-1, 3)
    origin = np.array(camera.position)
    found, normals = shape.intersect(origin, rays)
    steps = np.arange(0, 10, 0.005)
    within = inside(shape, origin + steps[:, None, None] * rays)
    expected = np.where(within.any(axis=0), steps[within.argmax(axis=0)], np.inf)
    hit = np.isfinite(found)
    # A ray that only grazes the solid may slip between two steps.
    assert (hit != np.isfinite(expected)).mean() < 0.02
    both = hit & np.isfinite(expected)
    assert both.sum() > 10
    np.testing.assert_allclose(found[both], expected[both], atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(normals[hit], axis=1), 1)
    # Outward, so against the ray.
    assert ((normals[hit] * rays[hit]).sum(axis=1) < 0).all()
    # A little along the normal there is nothing, a little against it the solid.
    points = origin + found[hit, None] * rays[hit]
    assert not inside(shape, points + 1e-3 * normals[hit]).any()
    assert inside(shape, points - 1e-3 * normals[hit]).mean() > 0.97


def test_a_room_is_met_from_inside():
    room = Box((0.0, 0.0, 0.0), (4.0, 6.0, 2.0))
    rays = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, -1], [1, 2, 0]])
    found, normals = room.intersect(np.zeros(3), rays)
    np.testing.assert_allclose(found, [2, 2, 3, 1, 1.5])
    np.testing.assert_allclose(normals[4], [0, 1, 0])


def test_what_lies_behind_is_not_met():
    for shape in (
        Box((-5.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        Ellipsoid((-5.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        Cylinder((-5.0, 0.0, -1.0), 1.0, 2.0),
    ):
        found, _ = shape.intersect(np.zeros(3), np.array([[1.0, 0.0, 0.0]]))
        assert np.isinf(found).all()


def test_rays_have_the_depth_as_their_parameter():
    """A wall square to the view has one depth, all over the image."""
    camera = Camera(9, 13, 10.0, (1.0, 2.0, 3.0), 0.0)
    wall = Box((6.0, 2.0, 3.0), (2.0, 50.0, 50.0))
    found, _ = wall.intersect(np.array(camera.position), camera.rays().reshape(-1, 3))
    np.testing.assert_allclose(found, 4.0)


def test_right_is_right_and_down_is_down():
    rays = Camera(3, 3, 1.0, (0.0, 0.0, 0.0), 0.0).rays()
    np.testing.assert_allclose(rays[1, 1], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(rays[1, 2], [1, -1, 0], atol=1e-12)  # y is to the left
    np.testing.assert_allclose(rays[2, 1], [1, 0, -1], atol=1e-12)
