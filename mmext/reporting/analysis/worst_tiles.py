"""The tiles that trainings get most wrong."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mmext.datasets.tile_store import TileStore
from mmext.engine.tile_panels import label_panel, outcome_panel
from mmext.inference.prediction_dump import PredictionDump
from mmext.raster.display import Display
from mmext.reporting.style import bare

from .confusion_by_class import TileConfusion

_PLACE = ["tile_id", "scene", "row_off", "col_off"]


def rank_tiles(
    store: TileStore, confusions: Mapping[str, TileConfusion]
) -> pd.DataFrame:
    """Tiles with their pixel counts, those first that most runs get most wrong.

    Args:
        store: The tiles.
        confusions: By run.

    Returns:
        A row for each tile and run: ``rank`` from 1 by the wrong pixels of all runs
        together, the tile's place, the run, ``tp``, ``fp``, ``fn``, ``tn`` and ``iou``,
        NaN where neither label nor run has target.
    """
    wrong = sum(found.fp + found.fn for found in confusions.values())
    order = np.argsort(-np.asarray(wrong), kind="stable")
    rank = np.empty(len(store), int)
    rank[order] = np.arange(1, len(store) + 1)
    tables = []
    for name, found in confusions.items():
        counted = found.tp + found.fp + found.fn
        table = pd.DataFrame(store.tiles[_PLACE])
        table.insert(0, "rank", rank)
        table["run"] = name
        for count in ("tp", "fp", "fn", "tn"):
            table[count] = getattr(found, count)
        table["iou"] = found.tp / np.where(counted, counted, np.nan)
        tables.append(table)
    # Stable: runs of a tile in the order that they were named in.
    return pd.concat(tables).sort_values("rank", kind="stable", ignore_index=True)


def draw_tiles(
    store: TileStore, dumps: Mapping[str, PredictionDump], ranked: pd.DataFrame
) -> Figure:
    """Tiles below each other: image, label, and what each run made of it.

    Args:
        store: The tiles.
        dumps: Answers by run.
        ranked: The first rows of :func:`rank_tiles`.
    """
    tiles = ranked.drop_duplicates("tile_id")
    columns = ["image", "label", *dumps]
    figure = Figure(
        figsize=(1.7 * len(columns) + 0.6, 1.75 * len(tiles) + 0.4),
        layout="constrained",
    )
    grid = figure.subplots(len(tiles), len(columns), squeeze=False)
    display = Display(store)
    for row, tile in zip(grid, tiles.itertuples(), strict=True):
        label = np.asarray(store.masks[tile.tile_id])
        pictures = [
            display.as_bytes(store.images[tile.tile_id]),
            label_panel(label),
            *(outcome_panel(dump.mask(tile.tile_id), label) for dump in dumps.values()),
        ]
        for axes, picture in zip(row, pictures, strict=True):
            axes.imshow(picture)
            bare(axes)
        # A scene may have a long name, and a row has little height.
        place = f"{str(tile.scene)[-18:]}\n{tile.row_off:.0f}, {tile.col_off:.0f}"
        row[0].set_ylabel(f"{tile.rank}. tile {tile.tile_id}\n{place}", fontsize=6)
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(name, fontsize=7)
    return figure
