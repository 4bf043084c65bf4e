"""Moving the tiles of a batch, each in its own way."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from mmext.structures import TileSamples

Moves = Mapping[int, Callable[[Tensor], Tensor]]


def move_batch(
    images: Tensor, samples: TileSamples, drawn: Tensor, moves: Moves
) -> Tensor:
    """Move images and all their maps.

    Args:
        images: (B, C, H, W).
        samples: Their maps, which are replaced.
        drawn: (B,) integers on the CPU: the move of each tile; those that ``moves``
            doesn't name stay as they are.
        moves: What changes (b, …, H, W), by its number.

    Returns:
        The moved images, of the same layout in memory.
    """
    for name, maps in samples.items():
        samples.set_data({name: _moved(maps, drawn, moves)})
    return _moved(images, drawn, moves)


def _moved(maps: Tensor, drawn: Tensor, moves: Moves) -> Tensor:
    # A copy: the batch as it was read stays as it is.
    result = maps.clone()
    for number, move in moves.items():
        tiles = torch.nonzero(drawn == number)[:, 0].to(maps.device)
        if len(tiles):
            result[tiles] = move(maps[tiles])
    return result
