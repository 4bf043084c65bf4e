"""Batches of tiles that are read as one."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, overload

from mmengine.dataset import pseudo_collate

from mmext.registry import FUNCTIONS


class RequestedTiles(Sequence):
    """The samples of a batch, none of them read yet.

    A data set gives this to the collate function, which knows whether it wants
    samples or the batch; any function that takes a list of samples takes this.

    Args:
        read_samples: Reads them one by one.
        read_batch: Reads them as one.
    """

    def __init__(
        self,
        read_samples: Callable[[], list[dict[str, Any]]],
        read_batch: Callable[[], dict[str, Any]],
    ) -> None:
        self._read_samples = read_samples
        self.read_batch = read_batch

    @cached_property
    def _samples(self) -> list[dict[str, Any]]:
        # Once: transforms draw anew for each reading.
        return self._read_samples()

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._samples[index]


@FUNCTIONS.register_module()
def collate_tiles(samples: Sequence[dict[str, Any]]) -> Any:
    """Read a batch as one where the data set can, and collate samples where not.

    A batch that is read as one has ``inputs`` (B, C, H, W) in the store's data type
    and a :class:`~mmext.structures.TileSamples`; flips, turns and photometric changes
    are left to the model's data preprocessor, which draws them for the whole batch.

    Args:
        samples: What the data set gave.
    """
    if isinstance(samples, RequestedTiles):
        return samples.read_batch()
    return pseudo_collate(samples)
