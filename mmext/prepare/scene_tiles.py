"""The tiles of one scene."""

import math
from collections.abc import Iterator

import numpy as np
from rasterio.windows import Window
from tqdm import tqdm

from mmext.pixel_values import IGNORE
from mmext.raster.scene_reader import SceneReader, open_scene

from .cutting_settings import Cutting
from .scenes import Scene, open_reader


class CutTiles:
    """The tiles of a scene that are worth cutting, strip by strip.

    Args:
        scene: The scene.
        cutting: How to cut.
        bar: Whether to show how far it is.

    Attributes:
        empty: Tiles left out so far since none of their pixels is valid.
        few: Tiles left out so far since too few are.
    """

    def __init__(self, scene: Scene, cutting: Cutting, bar: bool = False) -> None:
        self.scene = scene
        self.cutting = cutting
        self.bar = bar
        self.empty, self.few = 0, 0

    @property
    def at_least(self) -> int:
        """How many tiles there are for sure, without a look at the pixels."""
        with open_reader(self.scene.path, self.cutting) as reader:
            # With a share asked for, padding counts as well.
            if not reader.is_valid_everywhere or self.cutting.min_valid:
                return 0
            return math.prod(
                math.ceil(side / self.cutting.step) for side in reader.raster.shape
            )

    def __iter__(self) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Row and column of a tile's first pixel, image (H, W, C), mask (H, W).

        Of the scene only a strip of one tile's height is in memory.
        """
        size, step = self.cutting.tile_size, self.cutting.step
        with (
            open_reader(self.scene.path, self.cutting) as reader,
            open_scene(self.scene.path) as raster,
            self.scene.labels.read().open(raster, self.cutting.by_pixel) as labels,
        ):
            for row in tqdm(
                range(0, raster.height, step),
                desc=self.scene.name,
                unit="strip",
                leave=False,
                disable=not self.bar,
            ):
                pixels, valid = _read_strip(reader, row, size)
                columns = [
                    column
                    for column in range(0, raster.width, step)
                    if self._keeps(valid[:, column : column + size])
                ]
                if not columns:
                    continue
                mask = labels.read(Window(0, row, raster.width, pixels.shape[0]))
                mask[~valid] = IGNORE
                for column in columns:
                    part = np.s_[:, column : column + size]
                    image = _padded(pixels[part], size, 0)
                    yield row, column, image, _padded(mask[part], size, IGNORE)

    def _keeps(self, valid: np.ndarray) -> bool:
        """Whether a tile with these valid pixels, (h, w), is cut; counts others."""
        # What lies beyond the scene is no valid pixel.
        share = valid.sum() / self.cutting.tile_size**2
        if share == 0:
            self.empty += 1
        elif share < self.cutting.min_valid:
            self.few += 1
        else:
            return True
        return False


def _read_strip(
    reader: SceneReader, row: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, W, C) and validity (h, W) of a strip of one tile's height."""
    height = min(size, reader.raster.height - row)
    pixels, valid = reader.read(Window(0, row, reader.raster.width, height))
    return pixels.transpose(1, 2, 0), valid


def _padded(array: np.ndarray, size: int, fill: int) -> np.ndarray:
    below, right = size - array.shape[0], size - array.shape[1]
    extra = [(0, below), (0, right)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, extra, constant_values=fill)
