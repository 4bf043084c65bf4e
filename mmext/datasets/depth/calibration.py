"""Where a colour camera stands beside the thermal camera."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmext.checked import read_json
from mmext.errors import UserError
from mmext.fileio import atomic_path

FILE_NAME = "calibration.json"
_SHAPES = {
    "k_thermal": (3, 3),
    "k_rgb": (3, 3),
    "rotation": (3, 3),
    "translation": (3,),
}


@dataclass(frozen=True)
class CameraPair:
    """Intrinsics of both cameras and the way from one to the other.

    A point x in the thermal camera's frame (x right, y down, z forward, metres) is
    ``rotation @ x + translation`` in the colour camera's. Both images are free of
    lens distortion.

    Attributes:
        k_thermal: (3, 3) pinhole matrix, pixels.
        k_rgb: (3, 3) pinhole matrix, pixels.
        rotation: (3, 3).
        translation: (3,) metres.
    """

    k_thermal: np.ndarray
    k_rgb: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def write(self, path: Path) -> None:
        """Write as JSON: the four attributes as nested lists."""
        content = {name: getattr(self, name).tolist() for name in _SHAPES}
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")


def read_calibration(path: str | os.PathLike[str]) -> CameraPair:
    """Read a pair of cameras from JSON.

    Raises:
        UserError: The file is missing, not JSON, or an entry is missing or has
            another shape.
    """
    content = read_json(path, dict[str, Any])
    arrays = {}
    for name, shape in _SHAPES.items():
        try:
            arrays[name] = np.array(content.get(name), np.float64)
        except (TypeError, ValueError, OverflowError):
            arrays[name] = np.empty(0)
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            expected = "×".join(map(str, shape))
            raise UserError(f"{path}: {name} is not a matrix of {expected} numbers")
    return CameraPair(**arrays)


def read_vivid_calibration(sequence: str | os.PathLike[str]) -> CameraPair:
    """Read ``cam_T.txt``, ``cam_RGB.txt`` and ``Tr_T2RGB.txt`` of a ViViD sequence.

    Args:
        sequence: The sequence's folder. The matrices are text, 3×3 and 4×4.

    Raises:
        UserError: A file is missing or holds no such matrix.
    """
    folder = Path(sequence)
    transform = _read_matrix(folder / "Tr_T2RGB.txt", (4, 4))
    return CameraPair(
        k_thermal=_read_matrix(folder / "cam_T.txt", (3, 3)),
        k_rgb=_read_matrix(folder / "cam_RGB.txt", (3, 3)),
        rotation=transform[:3, :3],
        translation=transform[:3, 3],
    )


def _read_matrix(path: Path, shape: tuple[int, int]) -> np.ndarray:
    if not path.is_file():
        raise UserError(f"{path}: no such calibration")
    try:
        return np.loadtxt(path, dtype=np.float64).reshape(shape)
    except ValueError:
        expected = "×".join(map(str, shape))
        raise UserError(f"{path}: holds no matrix of {expected} numbers") from None
