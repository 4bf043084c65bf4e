"""Pictures of what the network makes of some tiles, and of where it is wrong."""

from collections.abc import Iterator

import numpy as np
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmext.checked import Count
from mmext.datasets.tile_dataset import TileDataset
from mmext.engine.tile_panels import (
    decision_panel,
    error_panel,
    label_panel,
    side_by_side,
    stacked,
    wrong_codes,
)
from mmext.errors import UserError
from mmext.inference.class_codes import class_codes
from mmext.inference.store_pass import predict_tiles
from mmext.raster.display import Display
from mmext.registry import HOOKS
from mmext.structures import ErrorBank

from .error_accumulation_hook import ErrorAccumulationHook
from .tile_picture_hook import TilePictureHook, evenly_spaced


@HOOKS.register_module()
class TileVisualizationHook(TilePictureHook):
    """Show tiles of the training and of the validation set as the network sees them.

    A picture of each set goes to the runner's visualizer, and with it to all of its
    backends: files in the work directory (``LocalVisBackend``), TensorBoard, MLflow,
    WandB. A row is a tile, from left to right:

    * the image, by the same stretch in every picture;
    * the label: white target, grey ignored;
    * what is decided, in the colours of the maps: white target channel, red another
      channel, blue both, yellow grown;
    * what is wrong now: orange false negatives, pink false positives;
    * of training tiles, what was ever wrong, in the same colours: the bank that stage 1
      is filling, or the mask that stage 2 learns.

    Nothing is drawn at random and nothing of the model changes, so a training is the
    same with it as without. Both pictures are of the weights that are trained, not of
    their mean where ``EMAHook`` keeps one.

    Args:
        tiles: Rows of a picture: evenly spaced among the tiles with target, in the
            store's order, or among all where none has any.
        interval: Epochs from one picture to the next; the last always has one.
    """

    def __init__(self, tiles: Count = 8, interval: Count = 10) -> None:
        super().__init__(tiles, interval)
        self._sheets: dict[str, _Sheet] = {}

    def before_train(self, runner: Runner) -> None:
        """Choose the tiles.

        Raises:
            UserError: A data set is not a ``TileDataset``.
        """
        loaders = {"train": runner.train_dataloader}
        if runner.val_loop is not None:
            loaders["val"] = runner.val_loop.dataloader
        self._sheets = {
            name: _Sheet(_tile_dataset(loader, name), self.tiles)
            for name, loader in loaders.items()
        }

    def pictures(
        self, runner: Runner, model: nn.Module
    ) -> Iterator[tuple[str, np.ndarray]]:
        """One of each set."""
        filling = next(
            (h.bank for h in runner.hooks if isinstance(h, ErrorAccumulationHook)), None
        )
        for name, sheet in self._sheets.items():
            bank = (sheet.dataset.bank or filling) if name == "train" else None
            yield f"{name}_tiles", sheet.draw(model, bank)


class _Sheet:
    """The tiles of a set that are drawn, and how."""

    def __init__(self, dataset: TileDataset, tiles: int) -> None:
        ids = np.asarray(dataset.indices)
        with_target = ids[dataset.positive_fraction > 0]
        ids = with_target if len(with_target) else ids
        self.dataset = dataset
        self._ids = evenly_spaced(ids, tiles)
        self._display = Display(dataset.store)

    def draw(self, model: nn.Module, bank: ErrorBank | None) -> np.ndarray:
        """(H, W, 3) uint8, a row a tile."""
        store, rows = self.dataset.store, []
        # One by one: a picture needs no speed, and tiles may be large.
        for found in predict_tiles(model, store, self._ids, batch_size=1):
            tile, label, mask = found.tile_ids[0], found.target[0], found.mask[0]
            channels = {name: channel[0] for name, channel in found.channels.items()}
            panels = [
                self._display.as_bytes(store.images[tile]),
                label_panel(label),
                decision_panel(class_codes(mask, channels, np.ones_like(mask))),
                error_panel(wrong_codes(mask, label)),
            ]
            if bank is not None:
                panels.append(error_panel(bank.codes(int(tile))))
            rows.append(side_by_side(panels))
        return stacked(rows)


def _tile_dataset(loader: DataLoader, name: str) -> TileDataset:
    if not isinstance(loader.dataset, TileDataset):
        raise UserError(
            f"{name}_dataloader.dataset: is a {type(loader.dataset).__name__}, "
            "TileVisualizationHook expects a TileDataset"
        )
    return loader.dataset
