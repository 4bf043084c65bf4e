"""MS2: stereo driving sequences in colour, near infrared and thermal."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmext.checked import Count
from mmext.errors import UserError
from mmext.registry import DATASETS

from .calibration import FILE_NAME, CameraPair, read_calibration
from .depth_dataset import DepthDataset
from .sample_list import DepthSample, existing, list_frames


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
        step: Count = 1,
        depth: str | None = "depth_filtered",
        structural: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] = (),
    ) -> None:
        names = [lists] if isinstance(lists, str) else list(lists)
        frames = list_frames(root, names, "sync_data/{sequence}/thr/img_left", step)
        self.root = Path(root)
        super().__init__(
            [_sample(self.root, sequence, path, depth) for sequence, path in frames],
            pipeline=pipeline,
            depth_scale=256.0,
            structural=structural,
            source=f"{root} ({', '.join(names)})",
        )

    def camera_pair(self, index: int) -> CameraPair:
        """The sequence's calibration, converted once from its ``calib.npy``.

        Raises:
            UserError: ``sync_data/SEQ/calibration.json`` is not there.
        """
        folder = self.root / "sync_data" / self.samples[index].sequence
        if not (folder / FILE_NAME).is_file():
            raise UserError(
                f"{folder / FILE_NAME}: no such calibration; "
                "tools/convert_ms2_calibration.py makes it of calib.npy"
            )
        return read_calibration(folder / FILE_NAME)


def _sample(root: Path, sequence: str, path: Path, depth: str | None) -> DepthSample:
    folder = root / "proj_depth" / sequence / "thr"
    return DepthSample(
        sample_id=f"{sequence}/{path.stem}",
        sequence=sequence,
        thermal_path=path,
        depth_path=None if depth is None else folder / depth / path.name,
        # Colour is for training targets: a download without it is whole.
        rgb_path=existing(root / "sync_data" / sequence / "rgb/img_left" / path.name),
    )
