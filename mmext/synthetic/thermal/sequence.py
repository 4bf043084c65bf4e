"""A camera that moves through a scene, frame by frame."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mmext.errors import UserError

from . import indoor, outdoor
from .camera import Camera
from .colour import render_colour
from .objects import Layout
from .ray_casting import View, cast_rays
from .thermal import ThermalSensor, apparent_temperature, expose, new_state, next_state

KINDS = ("indoor", "outdoor")
_WAVES = 6
# Of a laser scanner: the share of pulses that come back, metres of noise.
_RETURN = 0.9
_DEVIATION = 0.02


@dataclass(frozen=True)
class SequenceSpec:
    """What to render.

    Attributes:
        kind: 'indoor' or 'outdoor'.
        seed: Everything random follows from it.
        frames: How many.
        height: Rows.
        width: Columns.
        lidar_beams: Rows of a laser scanner's measurements; 0 leaves depth dense.
        field_of_view: From left to right, degrees.
        sensor: The thermal camera.
    """

    kind: str
    seed: int
    frames: int
    height: int
    width: int
    lidar_beams: int = 0
    field_of_view: float = 65.0
    sensor: ThermalSensor = field(default_factory=ThermalSensor)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(
                f"kind: is {self.kind!r}, expected one of {', '.join(KINDS)}"
            )
        for name in ("frames", "height", "width"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}: is {getattr(self, name)}, expected 1 or more")
        if not 0 < self.field_of_view < 180:
            raise UserError(
                f"field_of_view: is {self.field_of_view}, expected 0 to 180 degrees"
            )


@dataclass(frozen=True)
class DepthFrame:
    """One frame, every map in the thermal camera's pixels.

    Attributes:
        thermal: (H, W) uint16, 14 bit.
        rgb: (H, W, 3) uint8.
        depth: (H, W) float32 metres, 0 for sky and beyond the layout's ``far``;
            sparse if a laser scanner measured it.
        exact_depth: (H, W) float32 metres, 0 for sky and beyond ``far``.
        structural: (H, W) float32 > 0: exact inverse depth times a scale plus a
            shift, both of this frame alone, as from a teacher that never errs.
        labels: (H, W) uint8, :data:`~.objects.LABELS`.
    """

    thermal: np.ndarray
    rgb: np.ndarray
    depth: np.ndarray
    exact_depth: np.ndarray
    structural: np.ndarray
    labels: np.ndarray


def render_sequence(spec: SequenceSpec) -> Iterator[DepthFrame]:
    """Render frames one after the other; the same spec gives the same frames."""
    rng = np.random.default_rng((spec.seed, KINDS.index(spec.kind)))
    path, yaws = _path(rng, spec)
    make = indoor.indoor_layout if spec.kind == "indoor" else outdoor.outdoor_layout
    layout = make(rng, path)
    phases = rng.random((2, _WAVES, 4))
    state = new_state(rng, spec.sensor, spec.width)
    focal = spec.width / 2 / math.tan(math.radians(spec.field_of_view) / 2)
    for position, yaw in zip(path, yaws, strict=True):
        camera = Camera(
            spec.height,
            spec.width,
            focal,
            (float(position[0]), float(position[1]), float(position[2])),
            float(yaw),
            pitch=float(rng.normal(-0.04, 0.02)),
        )
        view = cast_rays(layout, camera)
        temperature = apparent_temperature(view, layout, phases[0])
        thermal = expose(rng, temperature, spec.sensor, state)
        state = next_state(rng, spec.sensor, state)
        exact = _known_depth(view, layout)
        yield DepthFrame(
            thermal=thermal,
            rgb=render_colour(rng, view, layout, phases[1]),
            depth=_lidar_depth(rng, exact, spec.lidar_beams)
            if spec.lidar_beams
            else exact,
            exact_depth=exact,
            structural=_structure(rng, view),
            labels=view.labels,
        )


def _path(
    rng: np.random.Generator, spec: SequenceSpec
) -> tuple[np.ndarray, np.ndarray]:
    step = 0.12 if spec.kind == "indoor" else 1.2
    low, high = (indoor if spec.kind == "indoor" else outdoor).CAMERA_HEIGHT
    path = np.zeros((spec.frames, 3))
    path[:, 0] = step * np.arange(spec.frames)
    path[:, 1] = np.cumsum(rng.normal(0, step / 5, spec.frames))
    path[:, 2] = rng.uniform(low, high)
    turn = rng.normal(0, 0.03, spec.frames)
    begin = rng.uniform(-0.5, 0.5) if spec.kind == "indoor" else rng.normal(0, 0.05)
    return path, begin + np.cumsum(turn)


def _known_depth(view: View, layout: Layout) -> np.ndarray:
    return np.where(view.depth < layout.far, view.depth, 0).astype(np.float32)


def _structure(rng: np.random.Generator, view: View) -> np.ndarray:
    # Sky is at infinity: its inverse depth is 0, before the shift.
    inverse = 1 / view.depth
    scale, shift = rng.uniform(0.5, 2.0), rng.uniform(0.05, 0.5)
    return (scale * inverse / inverse.max() + shift).astype(np.float32)


def _lidar_depth(rng: np.random.Generator, depth: np.ndarray, beams: int) -> np.ndarray:
    """The few pixels of a depth map that a laser scanner would have measured.

    Args:
        rng: For losses and noise.
        depth: (H, W) metres, 0 where there is nothing to measure.
        beams: Rows that hold measurements, evenly spread; in each every second
            pixel is measured.

    Returns:
        (H, W) float32 metres, 0 where nothing was measured.
    """
    measured = np.zeros(depth.shape, dtype=bool)
    rows = np.unique(np.linspace(0, len(depth) - 1, beams).round().astype(int))
    measured[rows, ::2] = True
    measured &= (rng.random(depth.shape) < _RETURN) & (depth > 0)
    noisy = (depth + rng.normal(0, _DEVIATION, depth.shape)).clip(min=1e-2)
    return np.where(measured, noisy, 0).astype(np.float32)
