"""Mirroring tiles, one by one or a whole batch."""

import torch
from mmseg.datasets.transforms import RandomFlip as _RandomFlip
from torch import Tensor

from mmext.registry import TRANSFORMS
from mmext.structures import TileSamples

from .batch_moves import move_batch

_AXES = {"horizontal": [-1], "vertical": [-2], "diagonal": [-2, -1]}


@TRANSFORMS.register_module()
class RandomFlip(_RandomFlip):
    """mmseg's ``RandomFlip``, which can flip a whole batch where the model runs."""

    def change_batch(self, images: Tensor, samples: TileSamples) -> Tensor:
        """Flip each tile of a batch with the probabilities that one tile has.

        Args:
            images: (B, C, H, W).
            samples: Their maps, flipped with them; which way, goes into their metainfo.
        """
        names = [self.direction] if isinstance(self.direction, str) else self.direction
        drawn = self._draw_batch(len(images), len(names))
        moves = {
            number: lambda maps, axes=_AXES[name]: maps.flip(axes)
            for number, name in enumerate(names)
        }
        ways = [names[way] if way < len(names) else None for way in drawn.tolist()]
        columns = {
            **samples.columns,
            "flip": [way is not None for way in ways],
            "flip_direction": ways,
        }
        samples.set_metainfo({"columns": columns})
        return move_batch(images, samples, drawn, moves)

    def _draw_batch(self, number: int, directions: int) -> Tensor:
        """(number,) of the directions, or how many there are for none of them."""
        if isinstance(self.prob, list):
            shares = list(self.prob)
        else:
            shares = [self.prob / directions] * directions
        weights = torch.tensor([*shares, max(0.0, 1 - sum(shares))])
        return torch.multinomial(weights, number, replacement=True)
