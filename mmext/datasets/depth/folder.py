"""Thermal depth in a plain folder: images and a CSV of samples."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmext.checked import Positive
from mmext.errors import UserError
from mmext.fileio import read_table
from mmext.registry import DATASETS

from .calibration import FILE_NAME, CameraPair, read_calibration
from .depth_dataset import DepthDataset
from .sample_list import DepthSample

#: Columns of the CSV; only thermal is needed.
COLUMNS = (
    "sample_id",
    "sequence",
    "split",
    "thermal",
    "depth",
    "rgb",
    "structural",
    "object_mask",
)


@DATASETS.register_module()
class FolderDepthDataset(DepthDataset):
    """Frames named by a CSV.

    The CSV's columns are ``thermal``, and where known ``sample_id`` (the thermal
    file's stem unless given), ``sequence``, ``split``, ``depth``, ``rgb``,
    ``structural`` and ``object_mask``. Files are relative to ``root``; an empty cell
    means there is none. Depth is an integer image or a float map, 0 where unknown. A
    ``calibration.json`` says where the colour camera stands; without it its pixels
    are the thermal image's.

    Args:
        root: The folder.
        samples: The CSV, relative to ``root``.
        split: Rows to use by their ``split``; None means all.
        depth_scale: Stored units in a metre.
        structural: Folder of structural maps by sample id, instead of those that the
            CSV names. The latter lie in ``structural/`` with their
            ``structural.json``.
        pipeline: Configs of transforms.

    Raises:
        UserError: The CSV is missing or lacks a column, or as
            :class:`DepthDataset`.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        samples: str = "samples.csv",
        split: str | None = None,
        depth_scale: Positive = 1000.0,
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        path = Path(root) / samples
        rows = _read_rows(path)
        if split is not None:
            rows = [row for row in rows if row.get("split") == split]
            if not rows:
                raise UserError(f"{path}: has no row with split {split!r}")
        if structural is not None:
            rows = [{**row, "structural": ""} for row in rows]
        elif any(row.get("structural") for row in rows):
            structural = Path(root) / "structural"
        super().__init__(
            [_sample(Path(root), row) for row in rows],
            pipeline=pipeline,
            depth_scale=depth_scale,
            structural=structural,
            source=str(path),
        )
        file = Path(root) / FILE_NAME
        self._pair = read_calibration(file) if file.is_file() else None

    def camera_pair(self, index: int) -> CameraPair | None:
        """The folder's ``calibration.json``; without it pixels are aligned."""
        return self._pair


def _read_rows(path: Path) -> list[dict[str, str]]:
    rows = read_table(path, ["thermal"])
    unknown = [name for name in (rows[0] if rows else ()) if name not in COLUMNS]
    if unknown:
        raise UserError(
            f"{path}: has the columns {', '.join(unknown)}; expected thermal and any "
            f"of {', '.join(COLUMNS)}"
        )
    for number, row in enumerate(rows, start=2):
        if not row["thermal"]:
            raise UserError(f"{path}: line {number} names no thermal image")
    return rows


def _sample(root: Path, row: dict[str, str]) -> DepthSample:
    def path(role: str) -> Path | None:
        return root / row[role] if row.get(role) else None

    return DepthSample(
        sample_id=row.get("sample_id") or Path(row["thermal"]).stem,
        sequence=row.get("sequence") or "",
        thermal_path=root / row["thermal"],
        depth_path=path("depth"),
        rgb_path=path("rgb"),
        structural_path=path("structural"),
        object_mask_path=path("object_mask"),
    )
