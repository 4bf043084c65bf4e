"""Pictures of a pre-training: what is shown of tiles, and what the network guesses."""

from collections.abc import Iterator

import numpy as np
import torch
from mmengine.runner import Runner

from mmext.datasets.tile_dataset import TileDataset
from mmext.engine.tile_panels import side_by_side, stacked
from mmext.errors import UserError
from mmext.models.pretraining import MaskedImageModel
from mmext.models.unwrapped import unwrapped
from mmext.raster.display import Display
from mmext.registry import HOOKS

from .tile_picture_hook import TilePictureHook, evenly_spaced

_GREY = 128


@HOOKS.register_module()
class ReconstructionHook(TilePictureHook):
    """Show tiles of a ``MaskedImageModel``'s training set.

    A picture goes to the runner's visualizer, and with it to all of its backends. A row
    is a tile, from left to right: the image; what is left of it, grey where hidden;
    and the same with the network's guess where it is hidden. Hidden is the same in
    every picture. A training is the same with it as without.

    Args:
        tiles: Rows of a picture, evenly spaced in the store's order.
        interval: Epochs from one picture to the next; the last always has one.
    """

    def before_train(self, runner: Runner) -> None:
        """Choose the tiles.

        Raises:
            UserError: It is no pre-training of tiles.
        """
        model, dataset = unwrapped(runner.model), runner.train_dataloader.dataset
        if not (
            isinstance(model, MaskedImageModel) and isinstance(dataset, TileDataset)
        ):
            raise UserError(
                f"ReconstructionHook: the training is of a {type(model).__name__} on a "
                f"{type(dataset).__name__}, expected a MaskedImageModel on a "
                "TileDataset"
            )
        self._ids = evenly_spaced(np.asarray(dataset.indices), self.tiles)
        self._store = dataset.store
        self._display = Display(dataset.store)

    def pictures(
        self, runner: Runner, model: MaskedImageModel
    ) -> Iterator[tuple[str, np.ndarray]]:
        """One, of training tiles."""
        training = model.training
        model.eval()
        generator = torch.Generator().manual_seed(0)
        rows = []
        # One by one: a picture needs no speed, and tiles may be large.
        for tile in self._ids:
            pixels = np.array(self._store.images[tile])
            inputs = [torch.from_numpy(pixels).permute(2, 0, 1)]
            images = model.data_preprocessor({"inputs": inputs})["inputs"]
            mask = model.draw_mask(images, generator)
            with torch.no_grad():
                found = model.reconstruct(images, mask.to(images.device))
            normalizer = model.data_preprocessor
            raw = (found * normalizer.std + normalizer.mean)[0].permute(1, 2, 0)
            hidden = mask[0].numpy()[..., None]
            image = self._display.as_bytes(pixels)
            guess = self._display.as_bytes(raw.cpu().numpy())
            rows.append(
                side_by_side(
                    [
                        image,
                        np.where(hidden, np.uint8(_GREY), image),
                        np.where(hidden, guess, image),
                    ]
                )
            )
        model.train(training)
        yield "reconstructions", stacked(rows)
