"""Random rooms with furniture, people and things that are warm or cold."""

import math

import numpy as np

from .objects import Layout, SceneObject, SurfaceRanges
from .shapes import Box, Cylinder, Ellipsoid

#: Of the camera above the floor, metres.
CAMERA_HEIGHT = (1.1, 1.7)
_FREE = 0.9  # between the camera's path and what stands in the room, metres
_SURFACES = SurfaceRanges((0.02, 0.3), (0.1, 0.6), (0.1, 0.5))


def indoor_layout(rng: np.random.Generator, path: np.ndarray) -> Layout:
    """A room around a camera's path.

    The room is a box that holds the path; on its floor stand cupboards, tables,
    people and plants; on its walls are windows and radiators.

    Args:
        rng: Where all choices come from.
        path: (N, 3) positions of the camera, looking along x.

    Returns:
        The room; everything that stands on the floor keeps its distance from the
        path.
    """
    air = rng.uniform(18, 25)
    low = path[:, :2].min(axis=0) - rng.uniform((0.8, 1.5), (1.5, 3.5))
    high = path[:, :2].max(axis=0) + rng.uniform((3.5, 1.5), (7.5, 3.5))
    height = rng.uniform(2.4, 3.2)
    room = _room(rng, low, high, height, air)
    standing: list[SceneObject] = []
    for _ in range(int(rng.integers(5, 11))):
        place = _free_place(rng, path, low, high)
        if place is not None:
            standing += _standing(rng, place, air)
    return Layout(
        objects=(*room, *_on_walls(rng, low, high, air), *standing),
        air=air,
        sky=None,
        layering=rng.uniform(0.3, 0.9),
        extinction=0.0,
        light=rng.uniform(0.25, 1.0),
        far=30.0,
    )


def _room(
    rng: np.random.Generator,
    low: np.ndarray,
    high: np.ndarray,
    height: float,
    air: float,
) -> list[SceneObject]:
    # Slabs, so that floor, walls and ceiling each have a surface of their own.
    (x0, y0), (x1, y1) = low, high
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    span = (x1 - x0, y1 - y0)
    thick = 0.5
    slabs = [
        ((*middle, -thick / 2), (*span, thick), -1.0),
        ((*middle, height + thick / 2), (*span, thick), 0.8),
        ((x1 + thick / 2, middle[1], height / 2), (thick, span[1], height), 0.0),
        ((x0 - thick / 2, middle[1], height / 2), (thick, span[1], height), 0.0),
        ((middle[0], y1 + thick / 2, height / 2), (span[0], thick, height), 0.0),
        ((middle[0], y0 - thick / 2, height / 2), (span[0], thick, height), 0.0),
    ]
    wall = rng.uniform(0.5, 0.95, 3)
    colours = [rng.uniform(0.2, 0.6, 3), rng.uniform(0.8, 1.0, 3), *[wall] * 4]
    return [
        SceneObject(
            Box(centre, size),
            _SURFACES.draw(rng, colour, air + warmer + rng.normal(0, 0.5)),
        )
        for (centre, size, warmer), colour in zip(slabs, colours, strict=True)
    ]


def _on_walls(
    rng: np.random.Generator, low: np.ndarray, high: np.ndarray, air: float
) -> list[SceneObject]:
    (x0, y0), (x1, y1) = low, high
    objects = []
    for y in (y0, y1):
        if rng.random() < 0.6:  # a window, as cold as the weather
            x, width = rng.uniform(x0 + 1, x1 - 1), rng.uniform(0.8, 1.8)
            cold = air - rng.uniform(3, 12)
            surface = _SURFACES.draw(rng, np.array([0.75, 0.85, 0.95]), cold, 0.85)
            box = Box((x, y, rng.uniform(1.3, 1.6)), (width, 0.06, 1.1))
            objects.append(SceneObject(box, surface))
            if rng.random() < 0.7:  # with a radiator below
                hot = _SURFACES.draw(rng, np.full(3, 0.9), rng.uniform(35, 55))
                box = Box((x, y, 0.4), (width, 0.25, 0.6))
                objects.append(SceneObject(box, hot, "appliance"))
    if rng.random() < 0.6:  # a screen on the far wall
        y = rng.uniform(y0 + 0.8, y1 - 0.8)
        surface = _SURFACES.draw(rng, np.full(3, 0.1), rng.uniform(30, 38))
        box = Box((x1, y, rng.uniform(1.1, 1.6)), (0.12, 1.1, 0.65))
        objects.append(SceneObject(box, surface, "appliance"))
    return objects


def _standing(
    rng: np.random.Generator, place: np.ndarray, air: float
) -> list[SceneObject]:
    kind = rng.choice(("cupboard", "table", "person", "plant", "box", "lamp"))
    x, y = place
    yaw = rng.uniform(0, math.pi)
    wood = rng.uniform(0.15, 0.7, 3)
    near_air = air + rng.normal(0, 0.6)
    if kind == "cupboard":
        size = rng.uniform((0.5, 0.4, 0.8), (1.2, 0.6, 2.0))
        shape = Box((x, y, size[2] / 2), tuple(size), yaw)
        return [SceneObject(shape, _SURFACES.draw(rng, wood, near_air), "furniture")]
    if kind == "table":
        width, depth = rng.uniform(0.7, 1.2, 2)
        top = Box((x, y, 0.74), (width, depth, 0.05), yaw)
        leg = Cylinder((x, y, 0.0), 0.06, 0.72)
        cup = Cylinder((x, y, 0.765), 0.05, 0.1)
        surface = _SURFACES.draw(rng, wood, near_air)
        hot = _SURFACES.draw(rng, rng.uniform(0.3, 1, 3), rng.uniform(35, 60))
        return [
            SceneObject(top, surface, "furniture"),
            SceneObject(leg, surface, "furniture"),
            SceneObject(cup, hot, "appliance"),
        ]
    if kind == "person":
        return person(rng, x, y, air)
    if kind == "plant":
        green = _SURFACES.draw(rng, np.array([0.15, 0.45, 0.12]), near_air - 0.8)
        pot = _SURFACES.draw(rng, np.array([0.5, 0.25, 0.15]), near_air)
        radius = rng.uniform(0.2, 0.4)
        crown = Ellipsoid((x, y, 0.4 + radius * 1.4), (radius, radius, 1.4 * radius))
        return [
            SceneObject(Cylinder((x, y, 0.0), 0.18, 0.4), pot, "furniture"),
            SceneObject(crown, green, "plant"),
        ]
    if kind == "box":
        size = rng.uniform(0.3, 0.8, 3)
        shape = Box((x, y, size[2] / 2), tuple(size), yaw)
        return [SceneObject(shape, _SURFACES.draw(rng, wood, near_air), "furniture")]
    height = rng.uniform(1.2, 1.7)
    warm = _SURFACES.draw(rng, np.full(3, 0.95), rng.uniform(30, 50))
    metal = _SURFACES.draw(rng, np.full(3, 0.4), near_air, 0.6)
    bulb = Ellipsoid((x, y, height), (0.16, 0.16, 0.2))
    return [
        SceneObject(Cylinder((x, y, 0.0), 0.04, height), metal, "furniture"),
        SceneObject(bulb, warm, "appliance"),
    ]


def person(
    rng: np.random.Generator, x: float, y: float, air: float
) -> list[SceneObject]:
    """Legs, a clothed body and a bare head, standing at (x, y)."""
    height = rng.uniform(1.55, 1.9)
    cloth = air + 0.45 * (33 - air) + rng.normal(0, 0.7)
    shirt = _SURFACES.draw(rng, rng.uniform(0.1, 0.9, 3), cloth)
    trousers = _SURFACES.draw(rng, rng.uniform(0.1, 0.5, 3), cloth - 1)
    skin = _SURFACES.draw(
        rng, np.array([0.75, 0.55, 0.45]), rng.uniform(32.5, 34.5), 0.98
    )
    body = Ellipsoid((x, y, 0.66 * height), (0.2, 0.2, 0.2 * height))
    head = Ellipsoid((x, y, height - 0.12), (0.09, 0.09, 0.12))
    return [
        SceneObject(Cylinder((x, y, 0.0), 0.13, 0.5 * height), trousers, "person"),
        SceneObject(body, shirt, "person"),
        SceneObject(head, skin, "person"),
    ]


def _free_place(
    rng: np.random.Generator, path: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray | None:
    for _ in range(20):
        place = rng.uniform(low + 0.4, high - 0.4)
        if np.linalg.norm(path[:, :2] - place, axis=1).min() > _FREE + 0.5:
            return place
    return None
