"""Rendered frames as a folder that FolderDepthDataset reads."""

import csv
from pathlib import Path

import cv2
import numpy as np

from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.errors import UserError
from mmext.fileio import atomic_path

from .sequence import DepthFrame

CSV_NAME = "samples.csv"
#: Files are in metres.
DEPTH_SCALE = 1.0
_TEACHER = "exact inverse depth"
_FOLDERS = {"object_mask": "objects"}


class SceneFolderWriter:
    """Write sequences below one folder; the CSV of samples comes last.

    ``thermal/ID.png`` uint16, ``depth/ID.npy`` float32 metres, ``rgb/ID.png``,
    ``structural/ID.npy`` with its note, ``objects/ID.png`` uint8 labels, and
    ``exact_depth/ID.npy`` where ``depth`` is sparse.

    Args:
        folder: Where to; holds no ``samples.csv`` yet.

    Raises:
        UserError: The folder holds a finished set.
    """

    def __init__(self, folder: Path) -> None:
        if (folder / CSV_NAME).exists():
            raise UserError(
                f"{folder / CSV_NAME}: exists, expected a folder without a set"
            )
        self.folder = folder
        self.rows: list[dict[str, str]] = []

    def add(self, sequence: str, split: str, number: int, frame: DepthFrame) -> None:
        """Write one frame.

        Args:
            sequence: Name of its sequence.
            split: 'train', 'val' or 'test'.
            number: Of the frame in its sequence.
            frame: The frame.
        """
        name = f"{sequence}_{number:03d}"
        row = {"sample_id": name, "sequence": sequence, "split": split}
        arrays = {
            "thermal": frame.thermal,
            "depth": frame.depth,
            "rgb": frame.rgb,
            "structural": frame.structural,
            "object_mask": frame.labels,
        }
        for role, array in arrays.items():
            row[role] = self._write(_FOLDERS.get(role, role), name, array)
        if frame.depth is not frame.exact_depth:
            self._write("exact_depth", name, frame.exact_depth)
        self.rows.append(row)

    def finish(self, settings: dict[str, str | int]) -> None:
        """Write the structural maps' note and the CSV.

        Args:
            settings: How the set was made; kept in the note.
        """
        StructuralNote(
            space="inverse_depth",
            metric=False,
            teacher=_TEACHER,
            sha256="",
            settings=dict(settings),
        ).write(self.folder / "structural")
        with (
            atomic_path(self.folder / CSV_NAME) as temporary,
            temporary.open("w", newline="") as file,
        ):
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)

    def _write(self, folder: str, name: str, array: np.ndarray) -> str:
        floating = np.issubdtype(array.dtype, np.floating)
        relative = f"{folder}/{name}{'.npy' if floating else '.png'}"
        with atomic_path(self.folder / relative) as temporary:
            if floating:
                with temporary.open("wb") as file:
                    np.save(file, array, allow_pickle=False)
            else:
                image = array[..., ::-1] if array.ndim == 3 else array
                _, encoded = cv2.imencode(".png", image)
                temporary.write_bytes(encoded.tobytes())
        return relative
