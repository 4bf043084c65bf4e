"""Data sets of torchgeo, in the form in which mmseg's come."""

import inspect
from typing import Any, Literal

import numpy as np
from torch.utils.data import Dataset

from mmext.errors import UserError
from mmext.registry import DATASETS

#: What torchgeo's data sets raise where files are missing, damaged or of another split.
_REFUSALS = (AssertionError, OSError, RuntimeError, TypeError, ValueError)


@DATASETS.register_module()
class TorchGeoDataset(Dataset):
    """Image and mask of a data set of torchgeo (the extra ``torchgeo``).

    A sample is ``dict(img, gt_seg_map)``: (H, W, C) in ``dtype`` and (H, W) int64, for
    ``store=dict(dataset=dict(type='TorchGeoDataset', …), target=…)``.

    Args:
        name: A class of ``torchgeo.datasets`` whose samples have ``image`` (C, H, W)
            and ``mask`` (H, W), such as ``'LoveDA'``. Those that are cut by place
            (``GeoDataset``) are none: they have no samples to count errors of.
        root: Its ``root``, where its files lie.
        split: Its ``split``; None for those that have none.
        options: Its other arguments.
        dtype: What its pixels were before torchgeo made floats of them.

    Raises:
        UserError: torchgeo is missing, has no such data set, or can't open it.
    """

    def __init__(
        self,
        name: str,
        root: str,
        split: str | None = None,
        options: dict[str, Any] | None = None,
        dtype: Literal["uint8", "uint16", "float32"] = "uint8",
    ) -> None:
        kind = _find(name)
        arguments = {"root": root, **(options or {})}
        if split is not None:
            arguments["split"] = split
        self.name = name
        self.dtype = np.dtype(dtype)
        try:
            self._samples = kind(**arguments)
        # What it raises where files are missing is of no common type.
        except _REFUSALS as error:
            raise UserError(
                f"TorchGeoDataset: {name} can't be opened with {arguments} "
                f"({' '.join(str(error).split()) or type(error).__name__})"
            ) from None

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """A sample.

        Raises:
            UserError: It has no mask, is a series of images, or holds values that
                ``dtype`` has not.
        """
        sample = self._samples[index]
        missing = [key for key in ("image", "mask") if key not in sample]
        if missing:
            raise UserError(
                f"{self.name}: sample {index} has no {missing[0]}, it has "
                f"{', '.join(sample)}; a split without labels can't be trained on"
            )
        image, mask = (sample[key].numpy() for key in ("image", "mask"))
        if image.ndim != 3:
            raise UserError(
                f"{self.name}: sample {index} has an image of shape {image.shape}, "
                "expected (C, H, W)"
            )
        pixels = image.astype(self.dtype)
        if not np.array_equal(pixels, image, equal_nan=True):
            raise UserError(
                f"TorchGeoDataset.dtype: is {self.dtype}, and sample {index} of "
                f"{self.name} holds {image.min():g} to {image.max():g}; float32 takes "
                "any"
            )
        # Of one channel in some data sets.
        return dict(img=pixels.transpose(1, 2, 0), gt_seg_map=mask.squeeze())


def _find(name: str) -> type:
    try:
        from torchgeo import datasets
    except ImportError as error:
        raise UserError(
            f"TorchGeoDataset: torchgeo can't be imported ({error}); it comes with "
            "pip install 'mmext[torchgeo]'"
        ) from None
    found = getattr(datasets, name, None)
    if inspect.isclass(found) and issubclass(found, datasets.NonGeoDataset):
        return found
    what = "is cut by place" if inspect.isclass(found) else "is none of torchgeo's"
    raise UserError(
        f"TorchGeoDataset.name: {name} {what}, expected a NonGeoDataset such as LoveDA"
    )
