"""What a thermal camera makes of a view: a simple model of emission."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .objects import Layout
from .patterns import waves
from .ray_casting import View

_KELVIN = 273.15
_UNEVENNESS_SIZE = 1.5  # metres


@dataclass(frozen=True)
class ThermalSensor:
    """A 14-bit microbolometer and its faults.

    Attributes:
        blur: Deviation of the optics' blur, pixels.
        noise: Noise from frame to frame (NETD), K.
        stripes: Deviation of the columns' fixed offsets, K.
        drift: Deviation of the offset's step from frame to frame, K.
        shading: Deviation of the slow change across the image as the housing warms,
            K.
    """

    blur: float = 0.9
    noise: float = 0.06
    stripes: float = 0.04
    drift: float = 0.3
    shading: float = 0.3


@dataclass(frozen=True)
class SensorState:
    """What a camera carries from frame to frame.

    Attributes:
        offset: K.
        tilt: Change from edge to edge along rows and columns, K.
        stripes: (W,) offsets of the columns, K.
    """

    offset: float
    tilt: tuple[float, float]
    stripes: np.ndarray


def new_state(
    rng: np.random.Generator, sensor: ThermalSensor, width: int
) -> SensorState:
    """A camera that was just switched on."""
    return SensorState(0.0, (0.0, 0.0), rng.normal(0, sensor.stripes, width))


def next_state(
    rng: np.random.Generator, sensor: ThermalSensor, state: SensorState
) -> SensorState:
    """A frame later: offset and shading have walked on."""
    step = rng.normal(0, sensor.shading / 3, 2)
    return SensorState(
        state.offset + float(rng.normal(0, sensor.drift)),
        (state.tilt[0] + float(step[0]), state.tilt[1] + float(step[1])),
        state.stripes,
    )


def apparent_temperature(view: View, layout: Layout, phases: np.ndarray) -> np.ndarray:
    """Temperature that an ideal camera reads, °C.

    A surface emits e T⁴ and mirrors (1 − e) of its surroundings (Stefan–Boltzmann, in
    place of the sensor's band); e falls off at grazing angles, e (1 − (1 − cos θ)⁵)
    after Schlick 1994; air adds its own radiation and swallows what passes, as 1 −
    exp(−k d).

    Args:
        view: What the camera sees.
        layout: The scene.
        phases: (K, 4) in [0, 1), see :func:`~.patterns.waves`.

    Returns:
        (H, W) float64.
    """
    surfaces = [item.surface for item in layout.objects]
    own, emissivity, unevenness = (
        _by_object([getattr(s, name) for s in surfaces], view.index)
        for name in ("temperature", "emissivity", "unevenness")
    )
    own = own + unevenness * waves(view.points / _UNEVENNESS_SIZE, phases)
    own = own + layout.layering * (view.points[..., 2] - 1.2)
    facing = np.abs((view.normals * view.rays).sum(axis=-1)).clip(0, 1)
    emissivity = emissivity * (1 - (1 - facing) ** 5)
    # Steep surfaces mirror the horizon's air, level ones the sky.
    around = np.full(own.shape, layout.air)
    if layout.sky is not None:
        upward = view.normals[..., 2].clip(0, 1)
        around = layout.air + upward * (layout.sky - layout.air)
    radiation = emissivity * _power(own) + (1 - emissivity) * _power(around)
    through = np.exp(-layout.extinction * np.where(view.index < 0, 0, view.depth))
    radiation = through * radiation + (1 - through) * _power(layout.air)
    temperature = radiation**0.25 - _KELVIN
    if layout.sky is None:
        return temperature
    # The sky is coldest overhead.
    sky = layout.sky + (layout.air - layout.sky) * np.exp(
        -4 * view.rays[..., 2].clip(0, 1)
    )
    return np.where(view.index < 0, sky, temperature)


def expose(
    rng: np.random.Generator,
    temperature: np.ndarray,
    sensor: ThermalSensor,
    state: SensorState,
) -> np.ndarray:
    """Counts that a real camera reads.

    Args:
        rng: For the noise.
        temperature: (H, W), °C.
        sensor: The camera.
        state: What it carries from earlier frames.

    Returns:
        (H, W) uint16, 14 bit.
    """
    height, width = temperature.shape
    read = gaussian_filter(temperature, sensor.blur) + state.offset + state.stripes
    read = read + state.tilt[0] * np.linspace(-0.5, 0.5, height)[:, None]
    read = read + state.tilt[1] * np.linspace(-0.5, 0.5, width)
    read = read + rng.normal(0, sensor.noise, read.shape)
    return counts(read)


def counts(celsius: np.ndarray) -> np.ndarray:
    """14-bit counts of a temperature, with MS2's calibration.

    The inverse of :func:`~mmext.datasets.depth.thermal_encoding.ms2_celsius`.

    Args:
        celsius: °C, any shape.

    Returns:
        uint16, 0 to 16383.
    """
    raw = 380747 / (np.exp(1428 / (celsius + _KELVIN)) - 1) - 88.539
    return np.rint(raw).clip(0, 2**14 - 1).astype(np.uint16)


def _by_object(values: list[float], index: np.ndarray) -> np.ndarray:
    return np.array([*values, 0.0])[index]


def _power(celsius: np.ndarray | float) -> np.ndarray | float:
    return (celsius + _KELVIN) ** 4
