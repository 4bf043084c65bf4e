"""ViViD in its prepared form: indoor and outdoor sequences by hand and by car."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmext.errors import UserError
from mmext.registry import DATASETS

from .depth_dataset import DepthDataset
from .sample_list import DepthSample, read_lines


@DATASETS.register_module()
class ViViDDataset(DepthDataset):
    """ViViD as prepared for monocular depth; the raw recordings are not read.

    ``SEQ/Thermal/NNN.png`` 256×320 uint16, ``SEQ/RGB/NNN.png`` (another view),
    ``SEQ/Depth_T/NNN.npy`` float metres (0 or not finite = none), ``SEQ/cam_T.txt``,
    ``cam_RGB.txt`` and ``Tr_T2RGB.txt``; lists of sequences such as
    ``train_indoor.txt`` and ``test_outdoor.txt`` lie in the root. The published
    validation lists overlap the test lists. Lee et al. 2019; prepared by Shin et
    al. 2021.

    Args:
        root: The folder that holds sequences and lists.
        lists: Name of one or more lists below ``root``.
        step: Use every n-th frame of a sequence.
        structural: Folder of structural maps, named SEQ/NNN.
        pipeline: Configs of transforms.

    Raises:
        UserError: A list or sequence is missing, or as :class:`DepthDataset`.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        lists: str | Sequence[str] = "train_indoor.txt",
        step: int = 1,
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        if step < 1:
            raise UserError(f"ViViDDataset.step: is {step}, expected 1 or more")
        names = [lists] if isinstance(lists, str) else list(lists)
        sequences = [line for name in names for line in read_lines(Path(root) / name)]
        samples = [
            _sample(Path(root), sequence, frame)
            for sequence in sequences
            for frame in _frames(Path(root), sequence)[::step]
        ]
        super().__init__(
            samples,
            pipeline=pipeline,
            depth_scale=1.0,
            structural=structural,
            source=f"{root} ({', '.join(names)})",
        )


def _frames(root: Path, sequence: str) -> list[Path]:
    folder = root / sequence / "Thermal"
    frames = sorted(folder.glob("*.png"))
    if not frames:
        raise UserError(f"{folder}: holds no frames, expected NNN.png")
    return frames


def _sample(root: Path, sequence: str, frame: Path) -> DepthSample:
    rgb = root / sequence / "RGB" / frame.name
    return DepthSample(
        sample_id=f"{sequence}/{frame.stem}",
        sequence=sequence,
        thermal_path=frame,
        depth_path=root / sequence / "Depth_T" / f"{frame.stem}.npy",
        # Colour is for training targets: a download without it is whole.
        rgb_path=rgb if rgb.is_file() else None,
    )
