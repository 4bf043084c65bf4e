"""Close-ups of finds (Figures 12 and 13)."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmext.reporting.style import FOUND, MAP_COLOURS, TRUTH, bare

from .finds import Find
from .scene_layers import SceneLayers
from .scene_maps import paint

_SMALLEST = 96
_TITLES = ("ground truth", "stage 1", "stage 2", "image")


@dataclass(frozen=True)
class Zoom:
    """A find and its surroundings, cut out of a scene.

    Attributes:
        find: The find.
        image: (h, w, 3) in [0, 1].
        truth: (h, w) uint8 in {0, 1, 255}.
        stage1: (h, w) bool.
        codes: (h, w) uint8 of stage 2.
    """

    find: Find
    image: np.ndarray
    truth: np.ndarray
    stage1: np.ndarray
    codes: np.ndarray


def cut_zoom(scene: SceneLayers, find: Find) -> Zoom:
    """A square window around a find, a good deal larger than it.

    Args:
        scene: The find's scene, with both stages.
        find: What to look at.
    """
    assert scene.stage1 is not None and scene.codes is not None
    top, left, height, width = find.box
    side = max(_SMALLEST, round(1.8 * max(height, width)))
    rows, row = _span(top, height, side, scene.truth.shape[0])
    columns, column = _span(left, width, side, scene.truth.shape[1])
    window = np.s_[row : row + rows, column : column + columns]
    return Zoom(
        find=find,
        image=scene.image(row, column, rows, columns),
        truth=scene.truth[window],
        stage1=scene.stage1[window],
        codes=scene.codes[window],
    )


def draw_zooms(zooms: list[Zoom]) -> Figure:
    """A row per find: truth, stage 1, stage 2 by channel, and the image."""
    figure = Figure(figsize=(8.4, 1.93 * len(zooms) + 0.3), layout="constrained")
    panels = figure.subplots(len(zooms), len(_TITLES), squeeze=False)
    for rank, (row, zoom) in enumerate(zip(panels, zooms, strict=True), start=1):
        pictures = (
            paint(zoom.truth == 1),
            paint(zoom.stage1),
            MAP_COLOURS[zoom.codes],
            zoom.image,
        )
        for axes, title, pixels in zip(row, _TITLES, pictures, strict=True):
            axes.imshow(pixels, interpolation="nearest")
            bare(axes)
            if rank == 1:
                axes.set_title(title, fontsize=9)
        _outline(row[-1], zoom)
        row[0].set_ylabel(
            _label(rank, zoom.find), fontsize=8, rotation=0, ha="right", va="center"
        )
    return figure


def _outline(axes: Axes, zoom: Zoom) -> None:
    for mask, colour in ((zoom.truth == 1, TRUTH), (zoom.codes > 0, FOUND)):
        if mask.any() and not mask.all():
            axes.contour(mask, [0.5], colors=colour, linewidths=0.9)


def _label(rank: int, find: Find) -> str:
    size = f"{find.pixels:,} px" if find.area_m2 is None else f"{find.area_m2:,.0f} m²"
    if find.place is None:
        top, left, height, width = find.box
        where = f"row {top + height // 2}, col {left + width // 2}"
    else:
        digits = 5 if abs(find.place[0]) <= 180 else 0
        where = f"{find.place[0]:.{digits}f}\n{find.place[1]:.{digits}f}"
    return f"{rank}\n{size}\n{where}"


def _span(start: int, size: int, side: int, limit: int) -> tuple[int, int]:
    """Length and first index of a window around a span, inside 0 … limit."""
    length = min(side, limit)
    first = start + size // 2 - length // 2
    return length, min(max(first, 0), limit - length)
