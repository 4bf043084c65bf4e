"""Random streets with houses, cars, people and trees."""

import numpy as np

from .indoor import person
from .objects import Layout, SceneObject, SurfaceRanges
from .shapes import Box, Cylinder, Ellipsoid

#: Of the camera above the road, metres.
CAMERA_HEIGHT = (1.4, 1.9)
_FREE = 2.0  # between the camera's path and what stands in the street, metres
_SIDE_WALK = 5.0  # from the middle of the road, metres
_SURFACES = SurfaceRanges((0.05, 0.35), (0.3, 1.5), (0.2, 1.0))


def outdoor_layout(rng: np.random.Generator, path: np.ndarray) -> Layout:
    """A street along x around a camera's path.

    Args:
        rng: Where all choices come from.
        path: (N, 3) positions of the camera, looking along x.

    Returns:
        The street; everything keeps its distance from the path. Where no solid is
        met, there is sky.
    """
    air = rng.uniform(2, 24)
    begin, end = path[:, 0].min() - 5, path[:, 0].max() + 90
    middle = float(path[:, 1].mean())
    objects = _ground(rng, begin, end, middle, air)
    for side in (-1, 1):
        objects += _houses(rng, begin, end, middle, side, air)
        objects += _trees(rng, begin, end, middle, side, air)
    for _ in range(int(rng.integers(4, 10))):
        side = rng.choice((-1, 1))
        x = rng.uniform(path[:, 0].min() + 4, end - 30)
        if rng.random() < 0.5:
            new = _car(rng, x, middle + side * rng.uniform(2.6, 3.6), air)
        else:
            new = person(rng, x, middle + side * rng.uniform(2.3, 6.5), air)
        objects += new
    return Layout(
        objects=tuple(objects),
        air=air,
        sky=air - rng.uniform(15, 40),
        layering=0.0,
        extinction=rng.uniform(0.001, 0.004),
        light=rng.uniform(0.1, 1.0),
        far=80.0,
    )


def _ground(
    rng: np.random.Generator, begin: float, end: float, middle: float, air: float
) -> list[SceneObject]:
    centre, length = (begin + end) / 2, end - begin
    grass = _SURFACES.draw(rng, (0.25, 0.35, 0.15), air + rng.uniform(-2, 2))
    asphalt = _SURFACES.draw(rng, (0.25, 0.25, 0.27), air + rng.uniform(0, 6))
    walk = _SURFACES.draw(rng, (0.5, 0.5, 0.48), air + rng.uniform(-1, 4))
    objects = [
        SceneObject(Box((centre, middle, -0.5), (length + 400, 400, 1.0)), grass),
        SceneObject(Box((centre, middle, 0.0), (length, 8.5, 0.02)), asphalt),
    ]
    for side in (-1, 1):
        strip = Box((centre, middle + side * 6.0, 0.05), (length, 3.0, 0.14))
        objects.append(SceneObject(strip, walk))
    return objects


def _houses(
    rng: np.random.Generator,
    begin: float,
    end: float,
    middle: float,
    side: int,
    air: float,
) -> list[SceneObject]:
    objects = []
    x = begin
    while x < end:
        width, height = rng.uniform(7, 18), rng.uniform(4, 14)
        front = middle + side * (_SIDE_WALK + rng.uniform(3, 6))
        if rng.random() < 0.85:
            wall = _SURFACES.draw(
                rng, rng.uniform(0.3, 0.85, 3), air + rng.uniform(0, 5)
            )
            centre = (x + width / 2, front + side * 5, height / 2)
            objects.append(SceneObject(Box(centre, (width, 10, height)), wall))
            objects += _windows(rng, x, width, height, front, air)
        x += width + rng.uniform(0.5, 6)
    return objects


def _windows(
    rng: np.random.Generator,
    x: float,
    width: float,
    height: float,
    front: float,
    air: float,
) -> list[SceneObject]:
    # Glass mirrors the cold sky; some windows leak warmth.
    glass = _SURFACES.draw(rng, (0.3, 0.4, 0.5), air + rng.choice((1.0, 5.0)), 0.75)
    number = max(1, int(width // 4))
    return [
        SceneObject(
            Box((x + (i + 0.5) * width / number, front, z), (1.2, 0.2, 1.4)), glass
        )
        for i in range(number)
        for z in np.arange(1.8, min(height - 1.0, 6.0), 3.0)
    ]


def _trees(
    rng: np.random.Generator,
    begin: float,
    end: float,
    middle: float,
    side: int,
    air: float,
) -> list[SceneObject]:
    objects: list[SceneObject] = []
    for x in np.arange(begin + rng.uniform(3, 12), end, rng.uniform(8, 20)):
        if rng.random() < 0.3:
            continue
        y = middle + side * _SIDE_WALK
        bark = _SURFACES.draw(rng, (0.3, 0.22, 0.15), air + rng.uniform(-0.5, 1.5))
        leaves = _SURFACES.draw(rng, (0.15, 0.35, 0.1), air + rng.uniform(-1.0, 1.0))
        trunk, radius = rng.uniform(1.8, 3.0), rng.uniform(1.0, 2.2)
        crown = Ellipsoid((x, y, trunk + radius), (radius, radius, 1.2 * radius))
        objects.append(
            SceneObject(Cylinder((x, y, 0.0), 0.15, trunk + 0.3), bark, "plant")
        )
        objects.append(SceneObject(crown, leaves, "plant"))
    return objects


def _car(rng: np.random.Generator, x: float, y: float, air: float) -> list[SceneObject]:
    warm = rng.random() < 0.6
    paint = _SURFACES.draw(
        rng, rng.uniform(0.05, 0.9, 3), air + rng.uniform(-1, 3), 0.85
    )
    hood = _SURFACES.draw(
        rng, paint.colour, air + (rng.uniform(8, 25) if warm else 0.0), 0.85
    )
    tyre = _SURFACES.draw(rng, (0.05, 0.05, 0.05), air + (6.0 if warm else 0.0))
    glass = _SURFACES.draw(rng, (0.2, 0.25, 0.3), air, 0.8)
    return [
        SceneObject(Box((x, y, 0.7), (4.3, 1.75, 0.7)), paint, "vehicle"),
        SceneObject(Box((x - 1.6, y, 0.85), (1.15, 1.7, 0.44)), hood, "vehicle"),
        SceneObject(Box((x + 0.3, y, 1.28), (2.2, 1.55, 0.5)), glass, "vehicle"),
        SceneObject(Box((x, y, 0.2), (3.2, 1.7, 0.38)), tyre, "vehicle"),
    ]
