"""MM5: tabletop objects before two fixed rigs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mmext.checked import checked
from mmext.errors import UserError
from mmext.fileio import read_table
from mmext.registry import DATASETS

from .depth_dataset import DepthDataset
from .sample_list import DepthSample, existing

#: Ids of the two rigs, first and last.
RIGS = {"A": (1, 106), "B": (107, 324)}
Split = Literal["train", "eval", "rig_A", "rig_B"]


@DATASETS.register_module()
class MM5Dataset(DepthDataset):
    """MM5's pixel-aligned RGB, depth, thermal and class masks.

    ``RGB/N.jpg``, ``Depth/N.png`` uint16 millimetres (0 = none), ``Thermal/N.png``
    uint16 counts, ``Class_Annotations/N.png`` (0 = background), and the published
    split in ``train_dataset.csv`` and ``eval_dataset.csv`` (column ``ID``). Brenner
    et al., figshare 10.6084/m9.figshare.28722164.

    Both rigs are fixed, so that on the published split a memorised background
    scores well: also train on ``rig_A`` and test on ``rig_B``, and look at object
    pixels. ``sequence`` is the rig, A or B.

    Args:
        root: The data set's folder.
        split: ``train`` or ``eval`` as published, ``rig_A`` (ids 1–106) or ``rig_B``
            (107–324).
        structural: Folder of structural maps, named by id.
        pipeline: Configs of transforms.

    Raises:
        UserError: The split is unknown, its list is missing or not one, or as
            :class:`DepthDataset`.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: Split = "train",
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        checked(Split, split, "MM5Dataset.split")
        lists = ("train", "eval") if split.startswith("rig_") else (split,)
        files = [Path(root) / f"{name}_dataset.csv" for name in lists]
        ids = sorted(i for file in files for i in _read_ids(file))
        if split.startswith("rig_"):
            ids = [i for i in ids if rig(i) == split.removeprefix("rig_")]
        super().__init__(
            [_sample(Path(root), i) for i in ids],
            pipeline=pipeline,
            depth_scale=1000.0,
            structural=structural,
            source=f"{root} ({split})",
        )


def rig(frame: int) -> str:
    """The rig that recorded a frame, A or B.

    Raises:
        UserError: The id belongs to neither.
    """
    for name, (first, last) in RIGS.items():
        if first <= frame <= last:
            return name
    raise UserError(f"MM5 frame {frame}: belongs to no rig, expected 1 to 324")


def _read_ids(path: Path) -> list[int]:
    try:
        return [int(row["ID"]) for row in read_table(path, ["ID"])]
    except ValueError:
        raise UserError(
            f"{path}: not a list of MM5, expected whole numbers in a column ID"
        ) from None


def _sample(root: Path, frame: int) -> DepthSample:
    return DepthSample(
        sample_id=str(frame),
        sequence=rig(frame),
        thermal_path=root / "Thermal" / f"{frame}.png",
        depth_path=root / "Depth" / f"{frame}.png",
        # Colour makes training targets, classes a further score: both may be absent.
        rgb_path=existing(root / "RGB" / f"{frame}.jpg"),
        object_mask_path=existing(root / "Class_Annotations" / f"{frame}.png"),
    )
