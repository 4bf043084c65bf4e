"""Moving the tiles of a batch, each in its own way."""

from collections.abc import Callable, Mapping
from itertools import product

import torch
from torch import Tensor

from mmext.structures import TileSamples

Moves = Mapping[int, Callable[[Tensor], Tensor]]
_CORNERS = torch.arange(4).reshape(1, 2, 2)


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
    # Where a tile's four corners come to lie says how it has been moved so far.
    corners = samples.get("corners", _CORNERS.expand(len(images), 2, 2))
    tiles = {number: torch.nonzero(drawn == number)[:, 0] for number in moves}
    samples.set_metainfo({"corners": _moved(corners, tiles, moves)})
    # Once for all that lies there: each copy to a GPU is a wait.
    there = {number: of.to(images.device) for number, of in tiles.items()}
    for name, maps in samples.items():
        samples.set_data({name: _moved(maps, there, moves)})
    return _moved(images, there, moves)


def undo_moves(maps: Tensor, samples: TileSamples) -> Tensor:
    """Maps of a batch as their tiles lie in the store.

    Args:
        maps: (B, …, H, W), as the batch's tiles lie after all :func:`move_batch`.
        samples: What was moved.

    Returns:
        A copy, in which each tile has been flipped and turned back.
    """
    corners = samples.get("corners", _CORNERS.expand(len(maps), 2, 2))
    result = maps.clone()
    for turns, flips in product(range(4), ([], [-1])):
        moved = _CORNERS.flip(flips).rot90(turns, (-2, -1))
        tiles = torch.nonzero((corners == moved).flatten(1).all(dim=1))[:, 0]
        if len(tiles) and (turns or flips):
            tiles = tiles.to(maps.device)
            result[tiles] = maps[tiles].rot90(-turns, (-2, -1)).flip(flips)
    return result


def _moved(maps: Tensor, tiles: Mapping[int, Tensor], moves: Moves) -> Tensor:
    # A copy: the batch as it was read stays as it is.
    result = maps.clone()
    for number, move in moves.items():
        if len(tiles[number]):
            result[tiles[number]] = move(maps[tiles[number]])
    return result
