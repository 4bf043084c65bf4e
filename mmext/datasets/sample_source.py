"""Images and masks out of any data set's samples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import rasterio
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope
from pydantic import Field
from rasterio.enums import ColorInterp
from torch.utils.data import Dataset

from mmext.checked import settings
from mmext.errors import UserError, one_line
from mmext.pixel_values import IGNORE
from mmext.registry import DATASETS

_DTYPES = ("uint8", "uint16", "float32")
#: What reads a sample's files where a data set of the mm stack states nothing.
_LOADING = [dict(type="LoadImageFromFile"), dict(type="LoadAnnotations")]


@settings
class SampleSource:
    """What ``store`` of a ``TileDataset`` may be in place of a store's folder.

    Attributes:
        dataset: Config of a data set whose samples have ``img`` (H, W, C) and
            ``gt_seg_map`` (H, W) after a pipeline that loads and does nothing at
            random. Those of mmseg load their files if none is stated.
        target: Label values that are target.
        ignored: Label values that are neither target nor background; 255 is one
            unless it is target.
    """

    dataset: dict[str, Any]
    target: Annotated[list[int], Field(min_length=1)]
    ignored: list[int] = Field(default_factory=list)


@dataclass(frozen=True)
class Sample:
    """A sample as it is in its data set.

    Attributes:
        image: (H, W, C), of a data type that stores have.
        mask: (H, W) uint8 in {0, 1, 255}.
        path: Its image's file, if the data set says it, or ``''``.
    """

    image: np.ndarray
    mask: np.ndarray
    path: str


class SampleReader:
    """Reads the samples of a data set.

    Args:
        source: The data set, and what its labels mean.

    Raises:
        UserError: The data set can't be built, is empty, or two looks at its first
            sample differ.
    """

    def __init__(self, source: SampleSource) -> None:
        #: What messages call the data set.
        self.name = _name(source.dataset)
        self._dataset = _build(source.dataset)
        self._target = source.target
        self._ignored = sorted({IGNORE, *source.ignored} - {*source.target})
        #: Whether bands come as OpenCV has them, blue first, and are turned round.
        self.is_bgr = _loads_by_opencv(self._dataset)
        self._config = json.dumps(source.dataset, default=str)
        if not len(self):
            raise UserError(f"{self.name}: holds no samples")
        one, other = self.read(0), self.read(0)
        if not (
            np.array_equal(one.image, other.image)
            and np.array_equal(one.mask, other.mask)
        ):
            raise UserError(
                f"{self.name}: two looks at its first sample differ; its pipeline may "
                "only load, what is drawn at random belongs into the TileDataset's"
            )

    def __len__(self) -> int:
        return len(self._dataset)

    def read(self, index: int) -> Sample:
        """Read a sample.

        Raises:
            UserError: It can't be read, or holds no image and mask of one size.
        """
        try:
            found = self._dataset[index]
        except (OSError, AssertionError, KeyError, ValueError) as error:
            raise UserError(
                f"{self.name}: sample {index} can't be read ({one_line(error)})"
            ) from None
        if not isinstance(found, Mapping) or not {"img", "gt_seg_map"} <= set(found):
            keys = ", ".join(found) if isinstance(found, Mapping) else type(found)
            raise UserError(
                f"{self.name}: its samples have {keys}, expected img and gt_seg_map, "
                "as LoadImageFromFile and LoadAnnotations give them"
            )
        image, labels = np.asarray(found["img"]), np.asarray(found["gt_seg_map"])
        path = str(found.get("img_path") or "")
        if image.ndim == 2:
            image = image[..., None]
        if image.ndim != 3 or labels.shape != image.shape[:2]:
            raise UserError(
                f"{path or f'{self.name}, sample {index}'}: image of {image.shape} and "
                f"labels of {labels.shape}, expected (H, W, C) and (H, W)"
            )
        if str(image.dtype) not in _DTYPES:
            image = image.astype(np.float32)
        if self.is_bgr and image.shape[2] == 3:
            image = image[..., ::-1]
        mask = np.isin(labels, self._target).astype(np.uint8)
        mask[np.isin(labels, self._ignored)] = IGNORE
        if image.dtype.kind == "f":
            # As of a float scene's pixels, which are no number where nothing is shown.
            mask[~np.isfinite(image).all(axis=2)] = IGNORE
            image = np.nan_to_num(image, posinf=0, neginf=0)
        return Sample(np.ascontiguousarray(image), mask, path)

    def identity(self) -> str:
        """What tells these samples from others, as far as can be told without a look.

        Their files' sizes and times, where the data set names files.
        """
        described: list[Any] = [self._config, self._target, self._ignored]
        if isinstance(self._dataset, BaseDataset):
            for index in range(len(self)):
                info = self._dataset.get_data_info(index)
                described += [
                    _file_state(info.get(key)) for key in ("img_path", "seg_map_path")
                ]
        return json.dumps(described)


def _build(config: Mapping[str, Any]) -> Dataset:
    config = dict(config)
    kind = DATASETS.get(str(config.get("type")))
    if kind is None:
        raise UserError(
            f"dataset.store.dataset.type: is {config.get('type')!r}, expected a data "
            "set"
        )
    if issubclass(kind, BaseDataset):
        config.setdefault("pipeline", _LOADING)
        # What mmengine can't do where there is no sample.
        config.setdefault("serialize_data", False)
    try:
        # Before a training has set its scope, names would be mmcv's.
        with DefaultScope.overwrite_default_scope("mmext"):
            dataset = DATASETS.build(config)
    except (OSError, AssertionError) as error:
        raise UserError(f"dataset.store.dataset: {one_line(error)}") from None
    if isinstance(dataset, BaseDataset):
        # In training mode another sample comes in the place of one that fails.
        dataset.test_mode = True
    return dataset


def _loads_by_opencv(dataset: Dataset) -> bool:
    steps = getattr(getattr(dataset, "pipeline", None), "transforms", ())
    return any(isinstance(step, LoadImageFromFile) for step in steps)


def _name(config: Mapping[str, Any]) -> str:
    prefix = config.get("data_prefix") or {}
    parts = [
        *(config.get("data_root") or config.get("root"), prefix.get("img_path")),
        *(config.get("split"), Path(config.get("ann_file") or "").name),
    ]
    joined = "/".join(str(part).rstrip("/") for part in parts if part)
    return joined or str(config.get("type"))


def loading_note(sample: Sample) -> str:
    """What loading changed of an image's file: bands or data type; or ``''``."""
    try:
        with rasterio.open(sample.path) as raster:
            bands, kind = raster.count, raster.dtypes[0]
            is_indexed = raster.colorinterp[0] is ColorInterp.palette
    except rasterio.RasterioIOError:
        return ""  # no file, or one that only its data set can read
    loaded = sample.image.shape[2], str(sample.image.dtype)
    if is_indexed or (bands, kind) == loaded:
        return ""
    return (
        f"{sample.path}: {bands} bands of {kind}, loaded as {loaded[0]} of {loaded[1]};"
        " another loading step in the data set's pipeline, or a store, keeps them"
    )


def _file_state(path: str | None) -> list[Any]:
    try:
        state = Path(path or "").stat()
    except OSError:
        return [path]
    return [path, state.st_size, state.st_mtime_ns]
