"""A folder of structural depth maps and the note that says what they are."""

import json
import os
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from mmext.checked import Count, read_json, settings
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.structures.structural_space import StructuralSpace

from .image_file import read_image

NOTE = "structural.json"
FORMAT: Literal[1] = 1
SPACES = get_args(StructuralSpace)
_SUFFIXES = (".tif", ".npy")


@settings
class StructuralNote:
    """What the maps of a folder are: ``structural.json``.

    Attributes:
        space: ``depth`` (larger is farther) or ``inverse_depth`` (larger is nearer).
        metric: Whether the values are metres (or 1 / metres); otherwise they are
            known up to scale and shift.
        teacher: Name of the model that made them.
        sha256: Of the model's file; empty for maps made from true depth.
        input_size: (height, width) that the model saw; None if it saw any.
        settings: How the model was used, further facts by name.
        format: Version of this form.
    """

    space: StructuralSpace
    metric: bool = False
    teacher: str = ""
    sha256: str = ""
    input_size: tuple[Count, Count] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    format: Literal[1] = FORMAT

    def write(self, folder: Path) -> None:
        """Write the note into ``folder``."""
        with atomic_path(folder / NOTE) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n")


def read_note(folder: str | os.PathLike[str]) -> StructuralNote:
    """Read a folder's note.

    Raises:
        UserError: There is none, or it is not one of this format.
    """
    path = Path(folder) / NOTE
    if not path.is_file():
        raise UserError(
            f"{path}: no such file, expected a folder that 'mmext depth teach' wrote"
        )
    return read_json(path, StructuralNote)


def find_map(folder: str | os.PathLike[str], sample_id: str) -> Path | None:
    """The file of a sample's map, named by its id; None if there is none."""
    for suffix in _SUFFIXES:
        path = Path(folder) / f"{sample_id}{suffix}"
        if path.is_file():
            return path
    return None


def read_map(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a structural map.

    Returns:
        (H, W) float32; 0 where nothing is known, otherwise above 0.

    Raises:
        UserError: The file is missing, is not a map of floats, or holds values
            below 0 or not finite.
    """
    values = read_image(path)
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.floating):
        raise UserError(
            f"{path}: is {values.dtype} with {values.ndim} axes, expected a float map "
            "with 2"
        )
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise UserError(
            f"{path}: holds values below 0 or not finite, expected 0 for unknown and "
            "above 0 elsewhere"
        )
    return values.astype(np.float32)
