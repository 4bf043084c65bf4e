"""What stands in a scene: a solid, its surface, its warmth."""

from dataclasses import dataclass

import numpy as np

from .shapes import Shape

#: Labels of the object mask; 0 is background (room, ground, buildings, sky).
LABELS = {
    "background": 0,
    "person": 1,
    "vehicle": 2,
    "furniture": 3,
    "plant": 4,
    "appliance": 5,
}


@dataclass(frozen=True)
class Surface:
    """How a surface looks to the two cameras.

    Attributes:
        colour: Reflectance in red, green and blue, 0 to 1.
        temperature: °C.
        emissivity: 0 to 1, seen straight on.
        pattern: Contrast of the colour's pattern, 0 to 1. It has no temperature:
            the thermal camera does not see it.
        pattern_size: Metres.
        unevenness: Slow variation of temperature over the surface, K.
    """

    colour: tuple[float, float, float]
    temperature: float
    emissivity: float = 0.95
    pattern: float = 0.15
    pattern_size: float = 0.5
    unevenness: float = 0.3


@dataclass(frozen=True)
class SurfaceRanges:
    """Between which limits what a surface looks like is drawn; see :class:`Surface`.

    Attributes:
        pattern: Contrast.
        pattern_size: Metres.
        unevenness: K.
    """

    pattern: tuple[float, float]
    pattern_size: tuple[float, float]
    unevenness: tuple[float, float]

    def draw(
        self,
        rng: np.random.Generator,
        colour: tuple[float, float, float] | np.ndarray,
        temperature: float,
        emissivity: float = 0.95,
    ) -> Surface:
        """A surface of given colour, temperature (°C) and emissivity."""
        return Surface(
            colour=(float(colour[0]), float(colour[1]), float(colour[2])),
            temperature=float(temperature),
            emissivity=emissivity,
            pattern=float(rng.uniform(*self.pattern)),
            pattern_size=float(rng.uniform(*self.pattern_size)),
            unevenness=float(rng.uniform(*self.unevenness)),
        )


@dataclass(frozen=True)
class SceneObject:
    """A solid with its surface and label.

    Attributes:
        shape: The solid.
        surface: Its surface.
        kind: A name from :data:`LABELS`.
    """

    shape: Shape
    surface: Surface
    kind: str = "background"


@dataclass(frozen=True)
class Layout:
    """A scene without its camera.

    Attributes:
        objects: What stands in it.
        air: Temperature of the air, °C.
        sky: Apparent temperature of the sky, °C; None indoors.
        layering: How much warmer the air gets per metre of height, K/m.
        extinction: Share of the radiation that air swallows per metre.
        light: Brightness of the visible light, 0 to 1.
        far: Largest depth that counts as known, metres.
    """

    objects: tuple[SceneObject, ...]
    air: float
    sky: float | None
    layering: float
    extinction: float
    light: float
    far: float
