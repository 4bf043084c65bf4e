"""Thermal images from files, folders and videos."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmext.datasets.depth.image_file import IMAGE_SUFFIXES, read_grey
from mmext.errors import UserError

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm")
#: Mean difference between the channels of a grey video: what compression leaves.
_GREY = 4.0


@dataclass(frozen=True)
class ThermalFrame:
    """One image to predict.

    Attributes:
        name: Path of its outputs below the output folder, without a suffix.
        raw: (H, W) raw values.
    """

    name: str
    raw: np.ndarray


class ThermalSource:
    """The images of files, folders (with subfolders) and videos, one after another.

    Args:
        paths: Images, ``.npy`` arrays, folders or videos.

    Raises:
        UserError: One does not exist or is none of these, a folder holds no image, or
            two images would be written under one name.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._items = [item for path in paths for item in _find(path)]
        names = [name for name, _ in self._items]
        twice = {name for name, number in Counter(names).items() if number > 1}
        if twice:
            raise UserError(
                f"{sorted(twice)[0]}: two inputs have this name, expected different "
                "names; predict them into different folders"
            )

    def __len__(self) -> int:
        """Number of images; of videos what their headers say."""
        return sum(
            _frame_count(path) if _is_video(path) else 1 for _, path in self._items
        )

    def __iter__(self) -> Iterator[ThermalFrame]:
        for name, path in self._items:
            if _is_video(path):
                yield from _video_frames(name, path)
            else:
                yield ThermalFrame(name, read_grey(path))


def _find(path: Path) -> list[tuple[str, Path]]:
    if path.is_dir():
        images = sorted(p for p in path.rglob("*") if _is_image(p) or _is_video(p))
        if not images:
            raise UserError(f"{path}: holds no thermal image")
        return [(str(p.relative_to(path).with_suffix("")), p) for p in images]
    if not path.is_file():
        raise UserError(f"{path}: no such image, folder or video")
    if not (_is_image(path) or _is_video(path)):
        raise UserError(
            f"{path}: expected an image ({', '.join(IMAGE_SUFFIXES)}, .npy) or a video "
            f"({', '.join(VIDEO_SUFFIXES)})"
        )
    return [(path.stem, path)]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in (*IMAGE_SUFFIXES, ".npy")


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def _frame_count(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return max(count, 0)


def _video_frames(name: str, path: Path) -> Iterator[ThermalFrame]:
    capture = cv2.VideoCapture(str(path))
    number = 0
    try:
        while True:
            there, frame = capture.read()
            if not there:
                break
            yield ThermalFrame(f"{name}/{number:06d}", _grey(path, frame))
            number += 1
    finally:
        capture.release()
    if number == 0:
        raise UserError(f"{path}: not a readable video")


def _grey(path: Path, frame: np.ndarray) -> np.ndarray:
    if frame.ndim == 2:
        return frame
    values = frame.astype(np.int16)
    if (values.max(axis=2) - values.min(axis=2)).mean() > _GREY:
        raise UserError(
            f"{path}: is in colour, expected a grey thermal video (white hot or black "
            "hot; a palette's colours mean nothing)"
        )
    return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
