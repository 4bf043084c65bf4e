"""A tile store as a data set of the mm stack."""

import os
from collections.abc import Sequence
from typing import Any

from mmcv.transforms import Compose
from torch.utils.data import Dataset

from mmext.errors import UserError
from mmext.registry import DATASETS, TRANSFORMS
from mmext.structures import ErrorBank

from .tile_store import TileStore


@DATASETS.register_module()
class TileDataset(Dataset):
    """Tiles, with the errors accumulated on them if a snapshot is given.

    Before the pipeline a sample is ``dict(tile_id, store, scene, row_off, col_off,
    sample_idx)``, with ``error_bank`` if there is one; ``LoadTile`` and
    ``LoadErrorMask`` do the loading.

    Args:
        store: The tile store's folder.
        pipeline: Configs of transforms.
        error_mask: A snapshot of an error bank accumulated on this store.
        indices: Tile ids to use; None means all.

    Raises:
        UserError: There is no such store, or the snapshot is of another one.
    """

    def __init__(
        self,
        store: str | os.PathLike[str],
        pipeline: Sequence[dict] = (),
        error_mask: str | os.PathLike[str] | None = None,
        indices: Sequence[int] | None = None,
    ) -> None:
        self.store = TileStore(store)
        self.bank = None if error_mask is None else ErrorBank.load(error_mask)
        if self.bank is not None and self.bank.fingerprint != self.store.fingerprint:
            raise UserError(
                f"{error_mask}: accumulated on tile store "
                f"{self.bank.fingerprint[:12]}, expected {self.store.fingerprint[:12]} "
                f"({store})"
            )
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
