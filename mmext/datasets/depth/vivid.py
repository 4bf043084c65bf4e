"""ViViD in its prepared form: indoor and outdoor sequences by hand and by car."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmext.checked import Count
from mmext.registry import DATASETS

from .calibration import CameraPair, read_vivid_calibration
from .depth_dataset import DepthDataset
from .sample_list import DepthSample, existing, list_frames


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
        step: Count = 1,
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        names = [lists] if isinstance(lists, str) else list(lists)
        frames = list_frames(root, names, "{sequence}/Thermal", step)
        self.root = Path(root)
        super().__init__(
            [_sample(self.root, sequence, path) for sequence, path in frames],
            pipeline=pipeline,
            depth_scale=1.0,
            structural=structural,
            source=f"{root} ({', '.join(names)})",
        )

    def camera_pair(self, index: int) -> CameraPair:
        """The calibration that lies in the sequence's folder."""
        return read_vivid_calibration(self.root / self.samples[index].sequence)


def _sample(root: Path, sequence: str, path: Path) -> DepthSample:
    return DepthSample(
        sample_id=f"{sequence}/{path.stem}",
        sequence=sequence,
        thermal_path=path,
        depth_path=root / sequence / "Depth_T" / f"{path.stem}.npy",
        # Colour is for training targets: a download without it is whole.
        rgb_path=existing(root / sequence / "RGB" / path.name),
    )
