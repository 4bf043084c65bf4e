"""A tile store of images without labels, of tiles drawn at random."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window
from tqdm import tqdm

from mmext.datasets.tile_rows import TileRows
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.location import Location
from mmext.pixel_values import IGNORE
from mmext.raster.outlines import ROWS_DOWN, window_outline
from mmext.raster.writing import writing

from .drawn_tiles import ROUNDS, DrawnImage, DrawnTiles
from .remarks import Remarks
from .sampling_settings import Sampling
from .scene_list import scene_names
from .scenes import SceneGrid, describe, refuse_difference
from .store_description import describe_store
from .store_files import finish_store, refuse_small_disk
from .tile_arrays import tile_arrays

#: Where ``store.json`` keeps how the tiles were drawn.
_DRAWN = "drawn"


def sample_tiles(
    images: Sequence[Location], out: Path, sampling: Sampling, overwrite: bool = False
) -> None:
    """Write a store of tiles at random places, each place of all images as likely.

    A mask is 0 where a pixel is valid and 255 where it is not; nothing is target. Tiles
    lie inside their images, which may be of any coordinate systems and pixel sizes. The
    same images, settings and seed give the same tiles. A store that is there, drawn so,
    is left as it is.

    Args:
        images: The images. All must agree in bands and data type; those that are
            smaller than a tile are left out, which is said.
        out: The store's folder.
        sampling: How many, of which size, and what is left out.
        overwrite: Draw anew, and replace a store that was drawn.

    Raises:
        UserError: An image can't be read or does not fit the others, no place has
            enough valid pixels, the disk has no room, or ``out`` holds something else.
    """
    drawn = {"images": [str(image) for image in images], **asdict(sampling)}
    # As it comes back from JSON.
    drawn["bands"] = sampling.bands and list(sampling.bands)
    if out.exists():
        changed = _changes(out, drawn)
        if not (changed or overwrite):
            print(f"{out}: has been drawn already")
            return
        if not overwrite:
            raise UserError(
                f"{out}: was drawn of other images or with other settings "
                f"({', '.join(changed)}); --overwrite draws anew, and trains anew"
            )
    chosen = _look(images, sampling)
    tiles = DrawnTiles(chosen, sampling)
    records = {
        image.name: {"path": str(image.path), **vars(image.grid)} for image in chosen
    }
    sizes = [image.facts.pixel_size_m for image in chosen]
    with atomic_path(out) as folder:
        with writing(out):
            folder.mkdir()
        rows = _write(tiles, folder, out)
        description = describe_store(chosen[0].facts, sampling.cutting, sizes, records)
        finish_store(folder, rows, {**description, _DRAWN: drawn}, None)
    _say(out, tiles, len(rows))


def _changes(out: Path, drawn: dict[str, Any]) -> list[str]:
    """What was otherwise when a store was drawn."""
    found = TileStore(out).meta.get(_DRAWN)
    if not isinstance(found, dict):
        raise UserError(f"{out}: was not drawn of images, expected another --work-dir")
    return [name for name, value in drawn.items() if found.get(name) != value]


def _look(images: Sequence[Location], sampling: Sampling) -> list[DrawnImage]:
    """The images that are as large as a tile.

    Raises:
        UserError: None is, or one can't be read or does not fit the others.
    """
    found: list[DrawnImage] = []
    remarks, cutting = Remarks(), sampling.cutting
    named = list(zip(scene_names(images), images, strict=True))
    for name, path in tqdm(named, desc="Looking at images", unit="image"):
        grid = SceneGrid.of(path, cutting)
        if min(grid.height, grid.width) < sampling.tile_size:
            remarks.add(path, "left out, smaller than a tile (--tile-size)")
            continue
        facts, lines = describe(path, cutting)
        if found:
            refuse_difference(path, facts, found[0].facts)
        for line in lines:
            remarks.add(path, line)
        found.append(DrawnImage(name, path, facts, grid))
    if not found:
        raise UserError(
            f"{images[0]}: is smaller than a tile of {sampling.tile_size} pixels, and "
            f"so are all of {len(images)} images; --tile-size takes smaller ones"
        )
    for line in remarks.lines():
        print(line)
    return found


def _write(tiles: DrawnTiles, folder: Path, out: Path) -> TileRows:
    """Write the arrays; the rows of their tiles.

    Raises:
        UserError: There is no tile, or no room.
    """
    sampling, facts = tiles.sampling, tiles.images[0].facts
    size, bands, dtype = sampling.tile_size, len(facts.indexes), np.dtype(facts.dtype)
    tile_bytes = size**2 * (bands * dtype.itemsize + 1)
    refuse_small_disk(folder, sampling.tiles, sampling.tiles * tile_bytes)
    rows = TileRows(size, bands)
    with tile_arrays(folder, out, size, bands, dtype) as add:
        for tile in tiles:
            numbers = add(tile.pixels, np.where(tile.valid, 0, IGNORE))
            window = Window(tile.column, tile.row, size, size)
            outline = window_outline(window, ROWS_DOWN)
            rows.add(numbers, tile.scene, tile.row, tile.column, outline)
    if not len(rows):
        raise UserError(
            f"{tiles.images[0].path}: none of {tiles.empty + tiles.few} places in "
            f"{len(tiles.images)} images has {sampling.min_valid:.0%} valid pixels "
            f"(--min-valid); if the file's no-data value ({facts.nodata}) is wrong, "
            "give --nodata"
        )
    return rows


def _say(out: Path, tiles: DrawnTiles, number: int) -> None:
    print(f"{out}: {number} tiles of {len(tiles.images)} images")
    if tiles.empty:
        print(f"{tiles.empty} places left out: no valid pixel")
    if tiles.few:
        print(
            f"{tiles.few} places left out: fewer than {tiles.sampling.min_valid:.0%} "
            "of their pixels valid (--min-valid)"
        )
    if number < tiles.sampling.tiles:
        print(
            f"{tiles.sampling.tiles} tiles were asked for; {ROUNDS} rounds of drawing "
            f"found {number}"
        )
