"""A folder of structural depth maps and the note that says what they are."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmext.errors import UserError
from mmext.fileio import atomic_path

from .image_file import read_image

NOTE = "structural.json"
FORMAT = 1
#: Larger is farther, or larger is nearer.
SPACES = ("depth", "inverse_depth")
_SUFFIXES = (".tif", ".npy")


@dataclass(frozen=True)
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

    space: str
    metric: bool
    teacher: str
    sha256: str
    input_size: tuple[int, int] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

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
            f"{path}: no such file, expected a folder that "
            "tools/make_structural_depth.py wrote"
        )
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise UserError(f"{path}: has format {found!r}, expected {FORMAT}")
    if content.get("space") not in SPACES:
        raise UserError(
            f"{path}: space is {content.get('space')!r}, expected one of "
            f"{', '.join(SPACES)}"
        )
    size = content.get("input_size")
    return StructuralNote(
        space=content["space"],
        metric=bool(content.get("metric", False)),
        teacher=str(content.get("teacher", "")),
        sha256=str(content.get("sha256", "")),
        input_size=None if size is None else (int(size[0]), int(size[1])),
        settings=dict(content.get("settings") or {}),
    )


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
