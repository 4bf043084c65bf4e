"""Deciding whole scenes of which there are tiles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics
from mmext.models.decoders.union_decoder import touching


@dataclass(frozen=True)
class TilePlace:
    """Where a tile lies.

    Attributes:
        scene: Name of its scene.
        row_off: Row of its first pixel in the scene.
        col_off: Column of its first pixel in the scene.
    """

    scene: str
    row_off: int
    col_off: int


def tiles_by_scene(places: Sequence[TilePlace]) -> dict[str, list[int]]:
    """Indices of the tiles of each scene, in their order."""
    scenes: dict[str, list[int]] = {}
    for index, place in enumerate(places):
        scenes.setdefault(place.scene, []).append(index)
    return scenes


def decide_scenes(
    places: Sequence[TilePlace],
    tile: Callable[[int], tuple[np.ndarray, np.ndarray]],
) -> Iterator[tuple[int, np.ndarray]]:
    """Keep the components with a core in them, of whole scenes.

    One scene at a time is in memory. Where tiles overlap, the later one's pixels are
    the scene's; each tile gets its part of what is decided of the scene.

    Args:
        places: Of each tile.
        tile: By index, the (H, W) bool mask of a tile and its core, see
            :class:`~mmext.models.decoders.union_decoder.Decision`.

    Yields:
        Index of a tile and its (H, W) bool part of the decided mask, scene by scene.
    """
    for scene, members in tiles_by_scene(places).items():
        placed = []
        for index in members:
            at = places[index]
            layers = dict(zip(("mask", "core"), tile(index), strict=True))
            placed.append(PlacedTile(scene, at.row_off, at.col_off, layers))
        mosaic = scene_mosaics(placed, {"mask": 0, "core": 0})[scene]
        parts = (torch.from_numpy(mosaic[name])[None] for name in ("mask", "core"))
        decided = touching(*parts)[0].numpy()
        top = min(item.row_off for item in placed)
        left = min(item.col_off for item in placed)
        for index, item in zip(members, placed, strict=True):
            height, width = item.layers["mask"].shape
            row, column = item.row_off - top, item.col_off - left
            yield index, decided[row : row + height, column : column + width]
