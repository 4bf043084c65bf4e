"""The tiles of one scene."""

import itertools

import numpy as np
import rasterio
from rasterio.io import DatasetReader
from rasterio.windows import Window
from tqdm import tqdm

from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.pixel_values import IGNORE
from mmext.raster.outlines import window_outline
from mmext.raster.scene_reader import SceneReader, open_scene

from .cutting_settings import Cutting
from .scenes import Scene, open_reader


def tile_places(
    scene: Scene, cutting: Cutting, left_out: dict[str, int]
) -> list[tuple[int, int]]:
    """Where the tiles lie that are worth cutting.

    Args:
        scene: The scene.
        cutting: How to cut.
        left_out: Counts the others, ``empty`` and with too ``few`` valid pixels.

    Returns:
        Row and column of each tile's upper left corner, row by row.
    """
    with open_reader(scene, cutting) as reader:
        height, width = reader.raster.shape
        # With a share asked for, padding counts as well.
        everywhere = reader.is_valid_everywhere and cutting.min_valid == 0
        kept = []
        for row in range(0, height, cutting.step):
            strip = None if everywhere else _read_strip(reader, row, cutting)[1]
            for column in range(0, width, cutting.step):
                if strip is not None:
                    valid = strip[:, column : column + cutting.tile_size].sum()
                    share = valid / cutting.tile_size**2
                    if share == 0 or share < cutting.min_valid:
                        left_out["few" if share else "empty"] += 1
                        continue
                kept.append((row, column))
        return kept


def cut_scene(
    scene: Scene,
    places: list[tuple[int, int]],
    cutting: Cutting,
    writer: TileStoreWriter,
    progress: tqdm,
) -> tuple[int, int]:
    """Cut a scene, strip by strip.

    Args:
        scene: The scene.
        places: Of its tiles, see :func:`tile_places`.
        cutting: How to cut.
        writer: Takes the tiles.
        progress: Counts them.

    Returns:
        How many pixels of the tiles have a label, and how many are target.
    """
    size = cutting.tile_size
    labelled, target = 0, 0
    with (
        open_reader(scene, cutting) as reader,
        open_scene(scene.path) as raster,
        scene.labels.open(raster, cutting.by_pixel) as labels,
    ):
        transform = _drawing_transform(raster, cutting)
        for row, group in itertools.groupby(places, lambda place: place[0]):
            pixels, valid = _read_strip(reader, row, cutting)
            mask = labels.read(Window(0, row, raster.width, pixels.shape[0]))
            mask[~valid] = IGNORE
            for _, column in group:
                tile = Window(column, row, size, size)
                tile_mask = _padded(mask[:, column : column + size], size, IGNORE)
                labelled += int((tile_mask != IGNORE).sum())
                target += int((tile_mask == 1).sum())
                writer.add(
                    _padded(pixels[:, column : column + size], size, 0),
                    tile_mask,
                    scene.name,
                    row,
                    column,
                    window_outline(tile, transform),
                )
                progress.update()
    return labelled, target


def _read_strip(
    reader: SceneReader, row: int, cutting: Cutting
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, W, C) and validity (h, W) of a strip of one tile's height."""
    height = min(cutting.tile_size, reader.raster.height - row)
    pixels, valid = reader.read(Window(0, row, reader.raster.width, height))
    return pixels.transpose(1, 2, 0), valid


def _padded(array: np.ndarray, size: int, fill: int) -> np.ndarray:
    below, right = size - array.shape[0], size - array.shape[1]
    extra = [(0, below), (0, right)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, extra, constant_values=fill)


def _drawing_transform(raster: DatasetReader, cutting: Cutting) -> rasterio.Affine:
    # Without a CRS, rows go down: minus the row keeps images upright in a GIS.
    placed = raster.crs and not cutting.by_pixel
    return raster.transform if placed else rasterio.Affine.scale(1, -1)
