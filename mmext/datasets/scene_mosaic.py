"""Putting a scene's tiles back together."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PlacedTile:
    """A tile's arrays and where they lie.

    Attributes:
        scene: Name of the scene.
        row_off: Row of the tile's first pixel in its scene.
        col_off: Column of the tile's first pixel in its scene.
        layers: (H, W) arrays by name.
    """

    scene: str
    row_off: int
    col_off: int
    layers: dict[str, np.ndarray]


def scene_mosaics(
    tiles: Iterable[PlacedTile], fill: dict[str, int]
) -> dict[str, dict[str, np.ndarray]]:
    """Assemble tiles scene by scene.

    Where tiles overlap the later one wins. A mosaic begins at the scene's
    northernmost and westernmost tile.

    Args:
        tiles: The tiles, in any order.
        fill: Value of each layer where no tile lies.

    Returns:
        Scene → layer → (rows, columns) array.
    """
    by_scene: dict[str, list[PlacedTile]] = {}
    for tile in tiles:
        by_scene.setdefault(tile.scene, []).append(tile)
    return {scene: _mosaic(members, fill) for scene, members in by_scene.items()}


def _mosaic(tiles: list[PlacedTile], fill: dict[str, int]) -> dict[str, np.ndarray]:
    shapes = [next(iter(tile.layers.values())).shape for tile in tiles]
    top = min(tile.row_off for tile in tiles)
    left = min(tile.col_off for tile in tiles)
    rows = max(t.row_off + h for t, (h, _) in zip(tiles, shapes, strict=True)) - top
    columns = max(t.col_off + w for t, (_, w) in zip(tiles, shapes, strict=True)) - left
    mosaic = {
        name: np.full((rows, columns), fill[name], layer.dtype)
        for name, layer in tiles[0].layers.items()
    }
    for tile, (height, width) in zip(tiles, shapes, strict=True):
        row, column = tile.row_off - top, tile.col_off - left
        for name, layer in tile.layers.items():
            mosaic[name][row : row + height, column : column + width] = layer
    return mosaic
