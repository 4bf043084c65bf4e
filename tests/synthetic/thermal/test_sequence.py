"""Rendered sequences: exact, repeatable, readable as a data set."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmext.datasets.depth import FolderDepthDataset
from mmext.errors import UserError
from mmext.synthetic.thermal import (
    SceneFolderWriter,
    SequenceSpec,
    ThermalSensor,
    render_sequence,
)

ROOT = Path(__file__).resolve().parents[3]
PIPELINE = [
    dict(type="LoadThermal"),
    dict(type="LoadDepth"),
    dict(type="LoadStructural"),
    dict(type="LoadObjectMask"),
    dict(type="PackDepthInputs"),
]


def render(kind="indoor", seed=0, frames=2, size=(48, 64), **settings):
    return list(render_sequence(SequenceSpec(kind, seed, frames, *size, **settings)))


@pytest.mark.parametrize("kind", ["indoor", "outdoor"])
def test_maps_and_their_ranges(kind):
    for seed in range(3):
        for frame in render(kind, seed):
            assert frame.thermal.shape == frame.depth.shape == (48, 64)
            assert frame.thermal.dtype == np.uint16 and frame.thermal.max() < 2**14
            assert frame.rgb.shape == (48, 64, 3) and frame.rgb.dtype == np.uint8
            assert frame.depth.dtype == frame.structural.dtype == np.float32
            assert (frame.structural > 0).all()
            known = frame.depth > 0
            # A room has a wall in every pixel; a street has sky.
            assert known.all() if kind == "indoor" else 0.3 < known.mean() < 1
            # Nothing stands right before the camera.
            assert frame.depth[known].min() > 0.5
            assert frame.depth.max() < (30 if kind == "indoor" else 80)
            assert frame.labels.max() <= 5
            assert frame.thermal.std() > 0 and frame.rgb.std() > 0


def test_the_same_spec_gives_the_same_frames():
    first, second, other = (render(seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first, second, other, strict=True):
        for name in ("thermal", "rgb", "depth", "structural", "labels"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert (a.depth != c.depth).mean() > 0.5


def test_structure_is_inverse_depth_up_to_scale_and_shift():
    frames = [*render(seed=4), *render("outdoor", seed=4)]
    factors = []
    for frame in frames:
        known = frame.exact_depth > 0
        design = np.stack([1 / frame.exact_depth[known], np.ones(known.sum())], axis=1)
        target = frame.structural[known]
        solution, *_ = np.linalg.lstsq(design, target, rcond=None)
        np.testing.assert_allclose(design @ solution, target, atol=1e-4)
        assert solution[0] > 0
        factors.append(solution[0])
        if not known.all():  # the sky is farthest
            assert frame.structural[~known].max() <= frame.structural[known].min()
    # Each frame has a scale of its own: metres can't be read off it.
    assert len(set(np.round(factors, 3))) == len(factors)


def test_the_thermal_camera_does_not_see_patterns():
    """Walls full of pattern in colour are smooth in the thermal image."""
    quiet = ThermalSensor(noise=0, stripes=0, drift=0, shading=0)
    [frame] = render(frames=1, seed=0, size=(96, 128), sensor=quiet)
    wall = (frame.labels == 0)[1:, 1:]
    grey = frame.rgb.mean(axis=2) / 255
    warm = (frame.thermal - frame.thermal.min()) / np.ptp(frame.thermal)
    steps = [np.abs(np.diff(image, axis=1))[1:][wall] for image in (grey, warm)]
    assert np.median(steps[1]) < np.mean(steps[0]) / 5


def test_lidar_is_sparse_and_near_the_truth():
    [frame] = render(frames=1, seed=0, lidar_beams=12)
    measured = frame.depth > 0
    assert 0.05 < measured.mean() < 0.13  # 12 of 48 rows, half of each, 90 % returned
    assert measured.any(axis=1).sum() == 12
    error = (frame.depth - frame.exact_depth)[measured]
    assert error.std() == pytest.approx(0.02, rel=0.3) and abs(error.mean()) < 0.01
    np.testing.assert_array_equal(
        frame.exact_depth, render(frames=1, seed=0)[0].exact_depth
    )


def test_twice_the_view_is_the_same_rays_in_half_the_pixels():
    narrow, wide = (
        render(frames=1, size=(49, 65), field_of_view=degrees)[0].exact_depth
        for degrees in (65.0, 2 * np.degrees(np.arctan(2 * np.tan(np.radians(32.5)))))
    )
    np.testing.assert_allclose(wide[12:37, 16:49], narrow[::2, ::2], rtol=1e-5)


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(kind="space"), "expected one of indoor, outdoor"),
        (dict(frames=0), "frames: is 0"),
        (dict(field_of_view=180), "field_of_view: is 180, expected 0 to 180"),
    ],
)
def test_specs_without_sense_are_one_line(settings, message):
    with pytest.raises(UserError, match=message):
        render(**settings)


def test_the_folder_reads_as_a_data_set(tmp_path):
    writer = SceneFolderWriter(tmp_path)
    frames = render(lidar_beams=10)
    for number, frame in enumerate(frames):
        writer.add("room", "train", number, frame)
    writer.finish({"seed": 0})
    data = FolderDepthDataset(
        tmp_path, split="train", depth_scale=1.0, pipeline=PIPELINE
    )
    assert data.metainfo["structural_space"] == "inverse_depth"
    for frame, item in zip(frames, data, strict=True):
        sample = item["data_samples"]
        np.testing.assert_array_equal(sample.gt_depth_map.data[0], frame.depth)
        np.testing.assert_array_equal(
            sample.gt_structural_map.data[0], frame.structural
        )
        np.testing.assert_array_equal(sample.gt_object_map.data[0], frame.labels)
        assert sample.sequence == "room"
    np.testing.assert_array_equal(
        np.load(tmp_path / "exact_depth" / "room_000.npy"), frames[0].exact_depth
    )
    with pytest.raises(UserError, match=r"samples\.csv: exists"):
        SceneFolderWriter(tmp_path)


@pytest.mark.slow
def test_the_tool(tmp_path):
    command = [sys.executable, "tools/make_depth_scenes.py", "--out", tmp_path / "s"]
    options = "--train-scenes 2 --test-scenes 2 --frames 2 --size 40 32 --kind both"
    options += " --lidar-beams 8"
    subprocess.run(
        [str(part) for part in (*command, *options.split())], cwd=ROOT, check=True
    )
    train, test = (
        FolderDepthDataset(
            tmp_path / "s", split=split, depth_scale=1.0, pipeline=PIPELINE
        )
        for split in ("train", "test")
    )
    assert len(train) == len(test) == 4
    # No scene is in both.
    assert not {s.sequence for s in train.samples} & {s.sequence for s in test.samples}
    valid = [
        np.mean([(i["data_samples"].gt_depth_map.data > 0).numpy().mean() for i in d])
        for d in (train, test)
    ]
    assert valid[0] < 0.15 < 0.5 < valid[1]
