"""A picture of a tile store: is this what I meant to train on?"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmext.datasets.tile_store import POSITIVE_THRESHOLD, TileStore
from mmext.fileio import atomic_path
from mmext.pixel_values import IGNORE
from mmext.raster.display import LABEL_COLOUR, Display

_COLUMNS = 6
_BAND_COLOURS = {"red": "#d62728", "green": "#2ca02c", "blue": "#1f77b4"}
_IGNORED = (0.85, 0.1, 0.55, 0.45)


def write_preview(store: TileStore, path: Path, seed: int = 0) -> None:
    """Draw positive tiles with their outlines, negative tiles and histograms.

    Args:
        store: The store.
        path: The PNG.
        seed: Chooses the tiles.
    """
    rng = np.random.default_rng(seed)
    fraction = store.tiles["positive_fraction"].to_numpy()
    positive = _some(rng, np.flatnonzero(fraction > POSITIVE_THRESHOLD), 2 * _COLUMNS)
    negative = _some(rng, np.flatnonzero(fraction <= POSITIVE_THRESHOLD), _COLUMNS)
    display = Display(store)
    figure = Figure(figsize=(12, 8.6), layout="constrained")
    grid = figure.add_gridspec(4, _COLUMNS, height_ratios=[3, 3, 3, 2])
    for row, (label, tiles) in enumerate(
        [
            ("positive", positive[:_COLUMNS]),
            ("positive", positive[_COLUMNS:]),
            ("negative", negative),
        ]
    ):
        for column, tile in enumerate(tiles):
            axes = figure.add_subplot(grid[row, column])
            _draw_tile(axes, store, int(tile), display)
            axes.set_title(f"{label} {tile} · {fraction[tile]:.1%}", fontsize=8)
    _draw_histograms(figure.add_subplot(grid[3, :]), store, positive, negative)
    meta = store.meta
    metres = meta["pixel_size_m"]
    size = f", {metres:.3g} m pixels" if metres else ""
    figure.suptitle(
        f"{store.path}: {meta['num_tiles']} tiles of {meta['tile_size']} px{size}, "
        f"{meta['positive_tiles']} positive, {meta['positive_share']:.2%} target",
        fontsize=11,
    )
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)


def _some(rng: np.random.Generator, tiles: np.ndarray, number: int) -> np.ndarray:
    chosen = rng.choice(tiles, min(number, len(tiles)), replace=False)
    return np.sort(chosen)


def _draw_tile(
    axes: matplotlib.axes.Axes,
    store: TileStore,
    tile: int,
    display: Display,
) -> None:
    mask = np.asarray(store.masks[tile])
    axes.imshow(display(store.images[tile]), interpolation="nearest")
    if (mask == 1).any():
        axes.contour(mask == 1, [0.5], colors=LABEL_COLOUR, linewidths=0.9)
    if (mask == IGNORE).any():
        axes.imshow(np.where((mask == IGNORE)[..., None], _IGNORED, 0.0))
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_histograms(
    axes: matplotlib.axes.Axes,
    store: TileStore,
    positive: np.ndarray,
    negative: np.ndarray,
) -> None:
    tiles = np.concatenate([positive, negative])
    images = np.concatenate([store.images[t] for t in tiles])
    masks = np.concatenate([store.masks[t] for t in tiles])
    for band, name in enumerate(store.meta["bands"]):
        values = images[..., band]
        low, high = np.percentile(values[masks != IGNORE].astype(float), [0.1, 99.9])
        edges = np.linspace(low, high, 80)
        if edges[0] == edges[-1]:
            continue
        colour = _BAND_COLOURS.get(name, f"C{band}")
        for group, style in ((1, "-"), (0, ":")):
            if (masks == group).any():
                counts, _ = np.histogram(values[masks == group], edges, density=True)
                axes.plot(edges[:-1], counts, style, color=colour, lw=1.2)
        axes.plot([], [], color=colour, label=name)
    axes.plot([], [], "k-", label="target")
    axes.plot([], [], "k:", label="background")
    axes.legend(fontsize=8, ncols=5)
    axes.set_yticks([])
    axes.set_xlabel("pixel value of the tiles shown", fontsize=9)
    axes.spines[["left", "top", "right"]].set_visible(False)
