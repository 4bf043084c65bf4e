"""What all thermal depth data sets share."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mmcv.transforms import Compose
from torch.utils.data import Dataset

from mmext.checked import Positive, checked
from mmext.errors import UserError
from mmext.registry import DATASETS, TRANSFORMS

from .calibration import CameraPair
from .sample_list import DepthSample, check_files, fingerprint
from .structural_maps import StructuralNote, find_map, read_note

_PATHS = (
    "thermal_path",
    "depth_path",
    "structural_path",
    "rgb_path",
    "object_mask_path",
)


@DATASETS.register_module()
class DepthDataset(Dataset):
    """Thermal frames with whatever is known of their depth.

    Subclasses know a public set's layout and encoding and give the list. Before the
    pipeline a sample is ``dict(sample_id, sequence, thermal_path, depth_path,
    structural_path, rgb_path, object_mask_path, depth_scale, sample_idx)``: paths
    are strings, or None for what there is not. The loading transforms do the rest.

    Args:
        samples: The samples.
        pipeline: Configs of transforms.
        depth_scale: Stored units in a metre: 256 for MS2, 1000 for millimetres,
            1 for metres.
        structural: Folder of structural maps with its ``structural.json``. Maps are
            named by sample id, unless a sample names its own.
        source: What names the samples, for messages.

    Raises:
        UserError: There are no samples, two have one id, files are missing, or the
            folder of structural maps lacks its note or a map.
    """

    def __init__(
        self,
        samples: Sequence[DepthSample],
        pipeline: Sequence[dict] = (),
        depth_scale: Positive = 1000.0,
        structural: str | os.PathLike[str] | None = None,
        source: str = "samples",
    ) -> None:
        if not samples:
            raise UserError(f"{source}: holds no samples")
        self.source = source
        self.depth_scale = float(checked(Positive, depth_scale, "depth_scale"))
        self.note: StructuralNote | None = None
        self.samples = list(samples)
        if structural is not None:
            self.note = read_note(structural)
            self.samples = _with_maps(self.samples, Path(structural))
        ids = {sample.sample_id for sample in self.samples}
        if len(ids) < len(self.samples):
            raise UserError(f"{source}: names some sample twice, ids must be unique")
        for role in ("thermal", "depth", "rgb", "structural", "object_mask"):
            check_files(self.samples, role, source)
        self.pipeline = Compose([TRANSFORMS.build(step) for step in pipeline])
        self._fingerprint = fingerprint(self.samples, self._facts())

    @property
    def metainfo(self) -> dict[str, Any]:
        """What a checkpoint has to know of its training data.

        ``structural_space`` is ``depth``, ``inverse_depth``, or None without
        structural maps; ``store`` describes the data set: ``dataset``, ``source``,
        ``fingerprint``, ``num_samples``, ``depth_scale``, ``normalisation`` of the
        thermal image (None without LoadThermal), ``structural`` (its note).
        """
        return dict(
            structural_space=self.note.space if self.note else None,
            store=dict(
                dataset=type(self).__name__,
                source=self.source,
                fingerprint=self._fingerprint,
                num_samples=len(self.samples),
                depth_scale=self.depth_scale,
                normalisation=self._normalisation(),
                structural=asdict(self.note) if self.note else None,
            ),
        )

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> dict[str, Any]:
        """The sample before the pipeline."""
        sample = self.samples[index]
        paths = {key: getattr(sample, key) for key in _PATHS}
        return dict(
            sample_id=sample.sample_id,
            sequence=sample.sequence,
            depth_scale=self.depth_scale,
            sample_idx=index,
            **{key: None if path is None else str(path) for key, path in paths.items()},
        )

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample after the pipeline."""
        return self.pipeline(self.sample(index))

    def camera_pair(self, index: int) -> CameraPair | None:
        """Where a sample's colour camera stands; None if its pixels are aligned.

        Args:
            index: Of the sample.
        """
        return None

    def _facts(self) -> list[str]:
        note = self.note
        facts = [str(self.depth_scale)]
        return facts if note is None else [*facts, note.space, note.sha256]

    def _normalisation(self) -> dict[str, Any] | None:
        for step in self.pipeline.transforms:
            if hasattr(step, "normalisation"):
                return dict(step.normalisation)
        return None


def _with_maps(samples: list[DepthSample], folder: Path) -> list[DepthSample]:
    found = [
        sample.structural_path or find_map(folder, sample.sample_id)
        for sample in samples
    ]
    missing = [
        s.sample_id for s, path in zip(samples, found, strict=True) if path is None
    ]
    if missing:
        raise UserError(
            f"{folder}: lacks {len(missing)} of {len(samples)} structural maps, the "
            f"first is {missing[0]}.tif; 'mmext depth teach' continues"
        )
    return [
        replace(sample, structural_path=path)
        for sample, path in zip(samples, found, strict=True)
    ]
