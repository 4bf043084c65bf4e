"""MS2: stereo driving sequences in colour, near infrared and thermal."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmext.errors import UserError
from mmext.registry import DATASETS

from .depth_dataset import DepthDataset
from .sample_list import DepthSample, read_lines


@DATASETS.register_module()
class MS2Dataset(DepthDataset):
    """MS2's left thermal camera with the depth projected into it.

    ``sync_data/SEQ/thr/img_left/NNNNNN.png`` 256×640 uint16 (14 bit),
    ``sync_data/SEQ/rgb/img_left/NNNNNN.png`` (another view: structural maps must be
    warped, which ``tools/make_structural_depth.py`` does), and
    ``proj_depth/SEQ/thr/KIND/NNNNNN.png`` uint16, 256 to a metre, 0 = none. Lists of
    sequences lie in the root: ``train_list.txt``, ``val_list.txt``,
    ``test_{day,night,rainy}_list.txt``. Shin et al., CVPR 2023.

    Args:
        root: The folder that holds ``sync_data`` and the lists.
        lists: Name of one or more lists below ``root``.
        step: Use every n-th frame of a sequence; 10 is usual in testing.
        depth: Folder of the depth to read, ``depth_filtered`` for the published
            truth; None for frames without truth.
        structural: Folder of structural maps, named SEQ/NNNNNN.
        pipeline: Configs of transforms.

    Raises:
        UserError: A list or sequence is missing, or as :class:`DepthDataset`.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        lists: str | Sequence[str] = "train_list.txt",
        step: int = 1,
        depth: str | None = "depth_filtered",
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        if step < 1:
            raise UserError(f"MS2Dataset.step: is {step}, expected 1 or more")
        names = [lists] if isinstance(lists, str) else list(lists)
        sequences = [line for name in names for line in read_lines(Path(root) / name)]
        samples = [
            _sample(Path(root), sequence, frame.stem, depth)
            for sequence in sequences
            for frame in _frames(Path(root), sequence)[::step]
        ]
        super().__init__(
            samples,
            pipeline=pipeline,
            depth_scale=256.0,
            structural=structural,
            source=f"{root} ({', '.join(names)})",
        )


def _frames(root: Path, sequence: str) -> list[Path]:
    folder = root / "sync_data" / sequence / "thr" / "img_left"
    frames = sorted(folder.glob("*.png"))
    if not frames:
        raise UserError(f"{folder}: holds no frames, expected NNNNNN.png")
    return frames


def _sample(root: Path, sequence: str, frame: str, depth: str | None) -> DepthSample:
    name = f"{frame}.png"
    rgb = root / "sync_data" / sequence / "rgb" / "img_left" / name
    return DepthSample(
        sample_id=f"{sequence}/{frame}",
        sequence=sequence,
        thermal_path=root / "sync_data" / sequence / "thr" / "img_left" / name,
        depth_path=None
        if depth is None
        else root.joinpath("proj_depth", sequence, "thr", depth, name),
        # Colour is for training targets: a download without it is whole.
        rgb_path=rgb if rgb.is_file() else None,
    )
