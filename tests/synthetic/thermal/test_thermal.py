"""The emission model against its own physics at points worked by hand."""

import numpy as np
import pytest

from mmext.datasets.depth.thermal_encoding import ms2_celsius
from mmext.synthetic.thermal.camera import Camera
from mmext.synthetic.thermal.objects import Layout, SceneObject, Surface
from mmext.synthetic.thermal.ray_casting import cast_rays
from mmext.synthetic.thermal.shapes import Box
from mmext.synthetic.thermal.thermal import (
    ThermalSensor,
    apparent_temperature,
    counts,
    expose,
    new_state,
    next_state,
)

PHASES = np.random.default_rng(0).random((4, 4))
CAMERA = Camera(21, 21, 200.0, (0.0, 0.0, 1.2), 0.0)  # narrow: all rays head on


def wall(temperature, emissivity=1.0, distance=10.0, **layout):
    surface = Surface((1, 1, 1), temperature, emissivity, unevenness=0.0)
    box = Box((distance + 1, 0.0, 1.2), (2.0, 50.0, 50.0))
    settings = dict(
        air=20.0, sky=None, layering=0.0, extinction=0.0, light=1.0, far=80.0
    )
    return Layout((SceneObject(box, surface),), **{**settings, **layout})


def seen(layout):
    view = cast_rays(layout, CAMERA)
    return apparent_temperature(view, layout, PHASES)


def test_a_black_wall_reads_its_temperature():
    np.testing.assert_allclose(seen(wall(35.0)), 35.0, atol=1e-3)


def test_a_mirror_reads_its_surroundings():
    np.testing.assert_allclose(seen(wall(60.0, emissivity=0.0)), 20.0, atol=1e-3)


def test_half_a_mirror_by_hand():
    expected = (0.5 * 333.15**4 + 0.5 * 293.15**4) ** 0.25 - 273.15
    np.testing.assert_allclose(seen(wall(60.0, emissivity=0.5)), expected, atol=0.01)


def test_air_swallows_half():
    """At a distance where half of the radiation comes through."""
    layout = wall(60.0, extinction=np.log(2) / 10)
    expected = (0.5 * 333.15**4 + 0.5 * 293.15**4) ** 0.25 - 273.15
    np.testing.assert_allclose(seen(layout), expected, atol=0.01)


def test_air_is_warmer_above():
    found = seen(wall(20.0, layering=1.0))
    rows = (np.arange(21) - 10) / 200 * 10  # metres below the camera
    np.testing.assert_allclose(found[:, 10], 20 - rows, atol=0.01)


def test_counts_are_ms2s():
    celsius = np.linspace(-30, 80, 200)
    raw = counts(celsius)
    assert raw.dtype == np.uint16 and raw.max() < 2**14
    np.testing.assert_allclose(ms2_celsius(raw), celsius, atol=0.03)


def test_blur_noise_stripes_and_drift():
    rng = np.random.default_rng(0)
    flat = np.full((60, 80), 20.0)
    quiet = ThermalSensor(blur=1.0, noise=0, stripes=0, drift=0, shading=0)
    assert len(np.unique(expose(rng, flat, quiet, new_state(rng, quiet, 80)))) == 1
    noisy = ThermalSensor(blur=1.0, noise=1.0, stripes=0, drift=0, shading=0)
    read = ms2_celsius(expose(rng, flat, noisy, new_state(rng, noisy, 80)))
    assert read.std() == pytest.approx(1.0, rel=0.05)
    striped = ThermalSensor(blur=1.0, noise=0, stripes=1.0, drift=0, shading=0)
    read = ms2_celsius(expose(rng, flat, striped, new_state(rng, striped, 80)))
    assert not np.ptp(read, axis=0).any()
    assert read.std() == pytest.approx(1, rel=0.3)
    step = np.where(np.arange(80) < 40, 10.0, 30.0) * np.ones((60, 1))
    blurred = ms2_celsius(expose(rng, step, quiet, new_state(rng, quiet, 80)))
    # The middle weight of a Gaussian of one pixel: 0.399.
    assert blurred[30, 40] - blurred[30, 39] == pytest.approx(0.399 * 20, rel=0.01)


def test_drift_walks():
    rng = np.random.default_rng(0)
    sensor = ThermalSensor(drift=0.5)
    state = new_state(rng, sensor, 8)
    offsets = []
    for _ in range(400):
        state = next_state(rng, sensor, state)
        offsets.append(state.offset)
    assert np.diff(offsets).std() == pytest.approx(0.5, rel=0.1)
