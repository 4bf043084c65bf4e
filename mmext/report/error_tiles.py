"""Accumulated errors, tile by tile (Figure 6 of the paper)."""

import numpy as np
from matplotlib.figure import Figure

from mmext.datasets.tile_store import TileStore
from mmext.structures import ErrorBank

from .style import FN, FP
from .tile_image import display_image

_COLUMNS = 6


def draw_error_tiles(bank: ErrorBank, store: TileStore) -> Figure:
    """The tiles with most accumulated FN and with most accumulated FP.

    Args:
        bank: The errors.
        store: The tiles that they were accumulated on.
    """
    figure = Figure(figsize=(2 * _COLUMNS, 9), layout="constrained")
    panels = figure.subplots(4, _COLUMNS)
    for top, (name, colour) in enumerate((("FN", FN), ("FP", FP))):
        masks = bank.fn if name == "FN" else bank.fp
        sizes = np.array([masks(tile).sum() for tile in range(len(bank))])
        worst = np.argsort(sizes)[::-1][:_COLUMNS]
        for column, tile in enumerate(worst.tolist()):
            image, errors = panels[2 * top : 2 * top + 2, column]
            image.imshow(display_image(store, tile))
            if (store.masks[tile] == 1).any():
                image.contour(store.masks[tile] == 1, [0.5], colors="#ffd400")
            image.set_title(f"tile {tile}", fontsize=8)
            errors.imshow(masks(tile), cmap="gray", vmin=0, vmax=1)
            errors.set_title(f"{name} {sizes[tile]:,} px", fontsize=8, color=colour)
    for axes in panels.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(False)
    return figure
