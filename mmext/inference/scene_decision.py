"""Deciding whole scenes of which there are tiles."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics
from mmext.models.decoders.union_decoder import decide_image


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
    tile: Callable[[int], Mapping[str, np.ndarray]],
    grow: int,
) -> Iterator[tuple[int, np.ndarray]]:
    """Decide whole scenes, by what a decoder says of their tiles' pixels.

    One scene at a time is in memory. Where tiles overlap, the later one's pixels are
    the scene's; each tile gets its part of what is decided of the scene.

    Args:
        places: Of each tile.
        tile: By index, (H, W) bool layers of a tile: ``pixels`` and, of a decoder that
            decides by components, ``core``, see
            :class:`~mmext.models.decoders.union_decoder.Decision`; and ``valid``,
            where its labels aren't ignored. What is ignored, or in no tile, counts as
            no-data.
        grow: Pixels by which what is decided grows.

    Yields:
        Index of a tile and its (H, W) bool part of the decided mask, scene by scene.
    """
    for scene, members in tiles_by_scene(places).items():
        placed = []
        for index in members:
            at = places[index]
            layers = dict(tile(index))
            placed.append(PlacedTile(scene, at.row_off, at.col_off, layers))
        mosaic = scene_mosaics(placed, dict.fromkeys(placed[0].layers, 0))[scene]
        pixels, valid = mosaic["pixels"][None], mosaic["valid"][None]
        core = mosaic["core"][None] if "core" in mosaic else None
        [decided] = decide_image(pixels, core, grow, valid)
        top = min(item.row_off for item in placed)
        left = min(item.col_off for item in placed)
        for index, item in zip(members, placed, strict=True):
            height, width = item.layers["pixels"].shape
            row, column = item.row_off - top, item.col_off - left
            yield index, decided[row : row + height, column : column + width]
