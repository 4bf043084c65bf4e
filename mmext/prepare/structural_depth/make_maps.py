"""Writing the structural targets of a data set."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from mmengine.config import Config
from tqdm import tqdm

from mmext.datasets.depth import DepthDataset, DepthSample
from mmext.datasets.depth.image_file import read_image
from mmext.datasets.depth.structural_maps import (
    NOTE,
    StructuralNote,
    find_map,
    read_note,
)
from mmext.datasets.depth.transforms.load_depth import read_metres
from mmext.engine.config_check import check_config
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.registry import DATASETS

from .filling import fill_depth
from .warping import warp_to_thermal

#: Maps of true depth: what the best teacher could give.
TRUE_DEPTH = StructuralNote(space="depth", metric=True, teacher="true depth", sha256="")
#: Known values are kept above 0, which means unknown: at least this share of the
#: largest. Teachers give 0 and less for what is very near or very far.
_FLOOR = 1e-3
#: Pixels: about the distance of a laser scanner's rows in MS2's thermal image.
FILL = 8.0


class Teacher(Protocol):
    """A pretrained model that sees depth in colour images."""

    @property
    def note(self) -> StructuralNote:
        """What its maps are and which model makes them."""

    def maps(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One map for each image, in the space that :attr:`note` states.

        Args:
            images: (H, W, 3) uint8 RGB each, of any sizes.

        Returns:
            (h, w) float32 each, at the model's own size or the image's.
        """


def open_dataset(name: str, settings: dict[str, Any]) -> DepthDataset:
    """Build a depth data set.

    Args:
        name: Its class, such as ``MM5Dataset``.
        settings: Its arguments.

    Raises:
        UserError: There is no such class or argument, an argument is missing, or the
            data set refuses its files.
    """
    config = dict(type=name, **settings)
    check_config(Config(dict(train_dataloader=dict(dataset=config))))
    try:
        dataset = DATASETS.build(config)
    except TypeError as error:
        raise UserError(f"{name}: {error}") from None
    if not isinstance(dataset, DepthDataset):
        raise UserError(
            f"{name}: is no depth data set, expected one such as MM5Dataset"
        )
    return dataset


def make_structural_maps(
    dataset: DepthDataset,
    teacher: Teacher,
    out: str | os.PathLike[str],
    batch_size: int = 8,
    fill: float = FILL,
) -> int:
    """Write a map for each sample from its colour image; go on where a call stopped.

    Aligned colour images give a full map. Those of another view are warped with the
    data set's calibration and true depth, whose gaps are filled for this alone; what
    cannot be known stays 0.

    Args:
        dataset: The data set, without structural maps of its own.
        teacher: The model.
        out: Folder for ``structural.json`` and ``SAMPLE_ID.tif``, float32.
        batch_size: Images that the teacher gets at once.
        fill: Pixels from a measurement up to which depth is filled before warping, see
            :func:`~mmext.prepare.structural_depth.filling.fill_depth`; 0 fills nothing.

    Returns:
        Number of maps written; those there already are left as they are.

    Raises:
        UserError: The folder holds another teacher's maps, or a sample lacks its
            colour image, calibration or, to warp, its depth.
    """
    note = teacher.note
    if dataset.camera_pair(0) is not None:
        note = replace(note, settings={**note.settings, "warped_with_fill": fill})
    todo = _begin(dataset, note, Path(out))
    _check_colour(dataset, todo)
    for part in _batches(todo, batch_size):
        images = [_read_rgb(dataset.samples[index]) for index in part]
        maps = teacher.maps(images)
        for index, image, values in zip(part, images, maps, strict=True):
            full = _positive(_resize(values, image.shape[:2]))
            warped = _to_thermal(dataset, index, full, fill)
            _write(out, dataset.samples[index], warped)
    return len(todo)


def make_true_maps(dataset: DepthDataset, out: str | os.PathLike[str]) -> int:
    """Write true depth as the structural maps: an upper bound for the teacher.

    Args:
        dataset: The data set.
        out: Folder for ``structural.json`` and ``SAMPLE_ID.tif``, float32 metres.

    Returns:
        Number of maps written.

    Raises:
        UserError: The folder holds other maps, or a sample has no depth.
    """
    todo = _begin(dataset, TRUE_DEPTH, Path(out))
    for index in tqdm(todo, desc="structural", unit="map"):
        _write(out, dataset.samples[index], _depth(dataset, index))
    return len(todo)


def _begin(dataset: DepthDataset, note: StructuralNote, out: Path) -> list[int]:
    """Indices of the samples whose map is missing, after the note is in place."""
    if (out / NOTE).is_file():
        found = read_note(out)
        if found != note:
            raise UserError(
                f"{out / NOTE}: is of {found.teacher} ({found.space}, "
                f"{found.sha256[:12]}), expected {note.teacher} ({note.space}, "
                f"{note.sha256[:12]}) with the same settings or an empty folder"
            )
    else:
        note.write(out)
    return [
        index
        for index, sample in enumerate(dataset.samples)
        if find_map(out, sample.sample_id) is None
    ]


def _check_colour(dataset: DepthDataset, todo: Sequence[int]) -> None:
    missing = [i for i in todo if dataset.samples[i].rgb_path is None]
    if missing:
        raise UserError(
            f"{dataset.source}: {len(missing)} of {len(dataset)} samples have no "
            f"colour image, the first is {dataset.samples[missing[0]].sample_id}"
        )


def _batches(todo: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    with tqdm(total=len(todo), desc="structural", unit="map") as bar:
        for start in range(0, len(todo), size):
            yield todo[start : start + size]
            bar.update(len(todo[start : start + size]))


def _read_rgb(sample: DepthSample) -> np.ndarray:
    assert sample.rgb_path is not None  # checked before the first map
    image = read_image(sample.rgb_path)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4):
        raise UserError(
            f"{sample.rgb_path}: is {image.dtype} of shape {image.shape}, expected a "
            "colour image of 8 bit"
        )
    return np.ascontiguousarray(image[:, :, 2::-1])


def _to_thermal(
    dataset: DepthDataset, index: int, values: np.ndarray, fill: float
) -> np.ndarray:
    pair = dataset.camera_pair(index)
    if pair is not None:
        return warp_to_thermal(values, fill_depth(_depth(dataset, index), fill), pair)
    sample = dataset.samples[index]
    size = read_image(sample.thermal_path).shape[:2]
    if abs(values.shape[1] * size[0] - values.shape[0] * size[1]) > max(size):
        raise UserError(
            f"{sample.rgb_path}: is {values.shape[0]}×{values.shape[1]}, of another "
            f"shape than the thermal image ({size[0]}×{size[1]}): expected a "
            "calibration.json to warp it with"
        )
    return _resize(values, size)


def _depth(dataset: DepthDataset, index: int) -> np.ndarray:
    sample = dataset.samples[index]
    if sample.depth_path is None:
        raise UserError(
            f"{dataset.source}: sample {sample.sample_id} has no depth, expected one "
            "to make its structural map with"
        )
    return read_metres(sample.depth_path, dataset.depth_scale)


def _positive(values: np.ndarray) -> np.ndarray:
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    return np.maximum(finite, max(_FLOOR * float(finite.max()), 1e-6))


def _resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if values.shape == size:
        return values
    shape = (size[1], size[0])
    return cv2.resize(values, shape, interpolation=cv2.INTER_LINEAR)


def _write(
    out: str | os.PathLike[str], sample: DepthSample, values: np.ndarray
) -> None:
    with atomic_path(Path(out) / f"{sample.sample_id}.tif") as temporary:
        if not cv2.imwrite(str(temporary), values.astype(np.float32)):
            raise UserError(f"{temporary}: cannot be written")
