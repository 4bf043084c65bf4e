from pathlib import Path

import cv2
import numpy as np
import pytest

from mmext.errors import UserError
from mmext.inference.depth import ThermalSource
from tests.datasets.depth.layouts import thermal_counts, write_image


def write_video(path: Path, frames) -> Path:
    height, width = frames[0].shape[:2]
    code = cv2.VideoWriter_fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, 10, (width, height))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def test_files_folders_and_arrays(tmp_path):
    write_image(tmp_path / "in/b/2.png", thermal_counts(2))
    write_image(tmp_path / "in/1.tiff", thermal_counts(1))
    (tmp_path / "in/notes.txt").write_text("no image")
    np.save(tmp_path / "t.v2.npy", thermal_counts(3).astype(np.float32))
    source = ThermalSource([tmp_path / "in", tmp_path / "t.v2.npy"])
    assert len(source) == 3
    frames = list(source)
    assert [frame.name for frame in frames] == ["1", "b/2", "t.v2"]
    np.testing.assert_array_equal(frames[1].raw, thermal_counts(2))
    np.testing.assert_array_equal(frames[2].raw, thermal_counts(3))


def test_a_grey_video_frame_by_frame(tmp_path):
    greys = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(4)]
    source = ThermalSource([write_video(tmp_path / "night.avi", greys)])
    assert len(source) == 4
    frames = list(source)
    assert [frame.name for frame in frames][:2] == ["night/000000", "night/000001"]
    for number, frame in enumerate(frames):
        assert frame.raw.shape == (48, 64)
        np.testing.assert_allclose(frame.raw, 40 * number, atol=3)


def test_a_coloured_video_is_refused(tmp_path):
    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    coloured = cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)
    source = ThermalSource([write_video(tmp_path / "palette.avi", [coloured])])
    with pytest.raises(UserError, match=r"palette\.avi: is in colour"):
        list(source)


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "broken.mp4").write_text("x")
    with pytest.raises(UserError, match="empty: holds no thermal image"):
        ThermalSource([tmp_path / "empty"])
    with pytest.raises(UserError, match=r"a\.txt: expected an image"):
        ThermalSource([tmp_path / "a.txt"])
    with pytest.raises(UserError, match="no such image"):
        ThermalSource([tmp_path / "absent.png"])
    with pytest.raises(UserError, match=r"broken\.mp4: not a readable video"):
        list(ThermalSource([tmp_path / "broken.mp4"]))


def test_two_inputs_of_one_name_are_refused(tmp_path):
    for folder in "ab":
        write_image(tmp_path / folder / "1.png", thermal_counts(1))
    with pytest.raises(UserError, match="1: two inputs have this name"):
        ThermalSource([tmp_path / "a/1.png", tmp_path / "b/1.png"])
