"""A tile store as a data set of the mm stack."""

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import Compose
from torch.utils.data import Dataset

from mmext.checked import Index
from mmext.errors import UserError
from mmext.registry import DATASETS, TASK_UTILS, TRANSFORMS
from mmext.structures import ErrorBank, load_bank, refuse_other_store

from .collate_tiles import RequestedTiles
from .sample_store import open_store


@DATASETS.register_module()
class TileDataset(Dataset):
    """Tiles, with the errors accumulated on them if a snapshot is given.

    Before the pipeline a sample is ``dict(tile_id, store, scene, row_off, col_off,
    sample_idx)``, with ``error_bank`` if there is one; ``LoadTile`` and
    ``LoadErrorMask`` do the loading. A pipeline that loads first, packs last and, in
    between, only flips, turns or changes the light is done for whole batches where the
    collate function asks for them (:func:`~.collate_tiles.collate_tiles`).

    Args:
        store: The tile store's folder; or ``dict(dataset=…, target=…)``, the samples of
            another data set (:class:`~.sample_store.SampleSource`).
        pipeline: Configs of transforms.
        error_mask: A snapshot of an error bank accumulated on this store, or several
            whose errors are put together.
        error_variant: Config of what makes another bank of it, see
            :mod:`mmext.datasets.error_variants`; None takes the errors as they are.
        indices: Tile ids to use; None means all.
        folds: ``dict(number=k, held_out=i)``: leave out the i-th (from 0) of k equal
            runs of neighbouring tiles, in the store's order; not with ``indices``.

    Raises:
        UserError: There is no such store, a snapshot is of another one, or the folds
            are not as stated.
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | Mapping[str, Any],
        pipeline: Sequence[dict] = (),
        error_mask: str | os.PathLike[str] | Sequence[str] | None = None,
        error_variant: dict | None = None,
        indices: Sequence[Index] | None = None,
        folds: dict[str, Index] | None = None,
    ) -> None:
        self.store = open_store(store)
        self.bank = None if error_mask is None else self._load_banks(error_mask)
        if error_variant is not None:
            if self.bank is None:
                raise UserError(
                    "dataset.error_variant: is set without an error_mask to vary"
                )
            self.bank = TASK_UTILS.build(error_variant)(self.bank, self.store)
        if folds is not None:
            if indices is not None:
                raise UserError("dataset.folds: is set together with dataset.indices")
            indices = _without_fold(len(self.store), folds)
        self.indices = list(range(len(self.store)) if indices is None else indices)
        table = self.store.tiles.iloc[self.indices]
        self._places = list(
            zip(
                table["scene"].astype(str),
                table["row_off"].astype(int),
                table["col_off"].astype(int),
                strict=True,
            )
        )
        self.positive_fraction = table["positive_fraction"].to_numpy(float)
        self.pipeline = Compose([TRANSFORMS.build(step) for step in pipeline])

    def _load_banks(
        self, error_mask: str | os.PathLike[str] | Sequence[str]
    ) -> ErrorBank:
        if isinstance(error_mask, str | os.PathLike):
            error_mask = [str(error_mask)]
        banks = []
        for path in error_mask:
            bank = load_bank(path)
            refuse_other_store(
                str(path),
                bank.fingerprint,
                self.store.fingerprint,
                str(self.store.path),
            )
            bank.check_against(self.store.masks, str(path))
            banks.append(bank)
        for other in banks[1:]:
            banks[0].merge(other)
        return banks[0]

    @property
    def metainfo(self) -> dict[str, Any]:
        """Classes, palette and the store's description, for checkpoints."""
        return dict(
            classes=("background", "target"),
            palette=[[0, 0, 0], [255, 255, 255]],
            store=self.store.header,
        )

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample after the pipeline."""
        scene, row_off, col_off = self._places[index]
        sample = dict(
            tile_id=self.indices[index],
            store=self.store,
            scene=scene,
            row_off=row_off,
            col_off=col_off,
            sample_idx=index,
        )
        if self.bank is not None:
            sample["error_bank"] = self.bank
        return self.pipeline(sample)

    def __getitems__(
        self, indices: Sequence[int]
    ) -> list[dict[str, Any]] | RequestedTiles:
        """The samples of a batch; torch's loader asks for them."""
        if not self.reads_batches:
            return self._read_samples(indices)
        return RequestedTiles(
            functools.partial(self._read_samples, indices),
            functools.partial(self._read_batch, indices),
        )

    @functools.cached_property
    def reads_batches(self) -> bool:
        """Whether the pipeline can work on whole batches."""
        *before, packing = self.pipeline.transforms or [None]
        # What is left to the model's device comes after all that is loaded.
        loading = [step for step in before if hasattr(step, "load_batch")]
        changes = before[len(loading) :]
        return (
            hasattr(packing, "pack_batch")
            and bool(loading)
            and before[: len(loading)] == loading
            and all(_changes_batches(step) for step in changes)
        )

    def _read_samples(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        return [self[index] for index in indices]

    def _read_batch(self, indices: Sequence[int]) -> dict[str, Any]:
        """A batch after what of the pipeline is not left to the model's device."""
        scenes, row_offs, col_offs = zip(
            *(self._places[index] for index in indices), strict=True
        )
        batch: dict[str, Any] = dict(
            tile_id=[self.indices[index] for index in indices],
            store=self.store,
            scene=scenes,
            row_off=row_offs,
            col_off=col_offs,
            sample_idx=list(indices),
        )
        if self.bank is not None:
            batch["error_bank"] = self.bank
        *before, packing = self.pipeline.transforms
        batch["steps"] = [step for step in before if _changes_batches(step)]
        for step in before:
            if hasattr(step, "load_batch"):
                batch = step.load_batch(batch)
        return packing.pack_batch(batch)


def _changes_batches(step: Any) -> bool:
    # A flip that swaps labels changes more than places.
    swaps_labels = bool(getattr(step, "swap_seg_labels", None))
    return hasattr(step, "change_batch") and not swaps_labels


def _without_fold(count: int, folds: dict[str, int]) -> list[int]:
    if set(folds) != {"number", "held_out"}:
        raise UserError(
            f"dataset.folds: has the keys {', '.join(folds)}, expected number, held_out"
        )
    number, held_out = folds["number"], folds["held_out"]
    if not (2 <= number <= count and 0 <= held_out < number):
        raise UserError(
            f"dataset.folds: is {number} folds without number {held_out}, expected 2 "
            f"to {count} folds and one of them, counted from 0"
        )
    parts = np.array_split(np.arange(count), number)
    del parts[held_out]
    return np.concatenate(parts).tolist()
