"""What a batch of tiles has beside its images."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch
from mmengine.structures import BaseDataElement, PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from mmext.errors import UserError

#: The maps that a batch may have, and in what type a sample of it holds them.
MAPS = {
    "gt_sem_seg": torch.int64,
    "gt_error": torch.int64,
    "gt_error_frequency": torch.float32,
}


class BatchStep(Protocol):
    """A transform that changes a whole batch where the model runs."""

    def change_batch(self, images: Tensor, samples: "TileSamples") -> Tensor:
        """Change images (B, C, H, W) float32, and what belongs to them."""


class TileSamples(BaseDataElement):
    """The targets of a batch of tiles, each map of all tiles in one tensor.

    ``gt_sem_seg`` (B, H, W) uint8 and, where the pipeline loads them, ``gt_error``
    (B, H, W) uint8 and ``gt_error_frequency`` (B, H, W) float32. It is also a sequence
    of B ``SegDataSample``, made when the first is asked for, as mmseg's parts and any
    evaluator know them; what they are given stays with them.

    Its metainfo: ``columns``, lists of B values by the name they have in a sample's
    metainfo, and ``steps``, the transforms that are still to be done to the batch.
    """

    def __init__(self, *, metainfo: dict[str, Any] | None = None, **maps: Any) -> None:
        super().__init__(metainfo=metainfo, **maps)
        # Not a field, which a copy on another device would take along.
        object.__setattr__(self, "_samples", None)

    def __len__(self) -> int:
        return len(self.gt_sem_seg)

    def __getitem__(self, index: int) -> SegDataSample:
        return self._made()[index]

    def __iter__(self) -> Iterator[SegDataSample]:
        return iter(self._made())

    def set_metainfo(self, metainfo: dict[str, Any]) -> None:
        """As mmengine's, without its deep copy of a batch's every value.

        What belongs to a batch is replaced, never changed in place.
        """
        for name, value in metainfo.items():
            self.set_field(value, name, field_type="metainfo")

    def pin_memory(self) -> "TileSamples":
        """A copy whose tensors the device can fetch by itself."""
        pinned = self.new()
        for name, value in self.items():
            pinned.set_data({name: value.pin_memory()})
        return pinned

    def change(self, images: Tensor) -> Tensor:
        """Do to the batch what is still to be done.

        Args:
            images: (B, C, H, W) float32, the batch's, as stored.

        Returns:
            The changed images.
        """
        steps: Sequence[BatchStep] = self.steps
        self.set_metainfo({"steps": []})
        for step in steps:
            images = step.change_batch(images, self)
        return images

    def without_maps(self) -> list[SegDataSample]:
        """The samples with nothing but their metainfo."""
        columns: dict[str, list] = self.columns
        return [
            SegDataSample(
                metainfo={name: values[i] for name, values in columns.items()}
            )
            for i in range(len(self))
        ]

    def refuse_unfinished(self) -> None:
        """Refuse to give targets that don't belong to the images.

        Raises:
            UserError: Transforms of the pipeline have not been done.
        """
        if self.steps:
            names = ", ".join(type(step).__name__ for step in self.steps)
            raise UserError(
                f"train_dataloader.collate_fn: leaves {names} to the model's "
                "data_preprocessor, which has not done it; expected BandNormalizer, or "
                "collate_fn=dict(type='pseudo_collate')"
            )

    def _made(self) -> list[SegDataSample]:
        if self._samples is None:
            self.refuse_unfinished()
            made = self.without_maps()
            for name, maps in self.items():
                # In one go, then a view each.
                each = maps.to(MAPS[name]).unsqueeze(1)
                for sample, data in zip(made, each, strict=True):
                    sample.set_data({name: PixelData(data=data)})
            object.__setattr__(self, "_samples", made)
        return self._samples
