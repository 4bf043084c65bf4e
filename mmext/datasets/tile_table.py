"""Reading ``tiles.gpkg``: where a store's tiles lie."""

from collections.abc import Mapping
from pathlib import Path

import geopandas
import numpy as np

from mmext.errors import UserError
from mmext.fileio.vector import read_vector

from .store_record import SceneRecord

_NUMBERS = ("tile_id", "row_off", "col_off", "positive_fraction", "valid_fraction")
_SHARES = ("positive_fraction", "valid_fraction")


def read_tiles(
    path: Path, number: int, scenes: Mapping[str, SceneRecord]
) -> geopandas.GeoDataFrame:
    """Read the table of a store's tiles.

    Args:
        path: The GeoPackage.
        number: How many tiles there are.
        scenes: The store's scenes, by name.

    Returns:
        A row per tile, in tile order.

    Raises:
        UserError: The table is damaged, or not that of these tiles and scenes.
    """
    table = read_vector(path, layer="tiles")
    for column in ("scene", *_NUMBERS):
        if column not in table:
            raise UserError(f"{path}: has no column {column}")
    if len(table) != number:
        raise UserError(f"{path}: has {len(table)} rows, store.json says {number}")
    for column in _NUMBERS:
        values = table[column]
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
            raise UserError(f"{path}: column {column} holds no finite numbers")
        if column in _SHARES and not values.between(0, 1).all():
            raise UserError(f"{path}: column {column} is not from 0 to 1 everywhere")
    table = table.sort_values("tile_id", ignore_index=True)
    if not (table["tile_id"] == np.arange(number)).all():
        raise UserError(f"{path}: tile_id does not count from 0 to {number - 1}")
    unknown = set(table["scene"]) - set(scenes)
    if unknown:
        raise UserError(
            f"{path}: has tiles of scene {sorted(map(str, unknown))[0]!r}, which "
            "store.json doesn't know"
        )
    for column, side in (("row_off", "height"), ("col_off", "width")):
        ends = table["scene"].map({name: scenes[name][side] for name in scenes})  # type: ignore[literal-required]
        wrong = np.flatnonzero(
            (table[column] < 0) | (table[column] >= ends) | (table[column] % 1 != 0)
        )
        if wrong.size:
            raise UserError(
                f"{path}: {column} of tile {wrong[0]} is {table[column][wrong[0]]:g}, "
                f"expected a whole number from 0 to the scene's {side}"
            )
    return table
