"""The section "What changed, object by object" (Figures 12 and 13)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmext.raster.display import LABEL_COLOUR
from mmext.reporting.html_page import Link
from mmext.reporting.numbers import rounded
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import DECIDED, MAP_COLOURS, bare, paint

from .notable_objects import (
    FOUND,
    LOST,
    MOSTLY_FALSE,
    WHOLLY_FALSE,
    NotableObject,
    largest,
    notable_objects,
)
from .scene_layers import SceneLayers

_HEADINGS = {
    "rank": "Rank",
    "kind": "Kind",
    "scene": "Scene",
    "pixels": "Pixels",
    "area_m2": "Area, m²",
    "x": "x",
    "y": "y",
    "longitude": "Longitude",
    "latitude": "Latitude",
}
#: Kind → figure, heading and caption of those that are drawn and listed.
_SHOWN = {
    FOUND: (
        "found",
        "Found by stage 2 only",
        "The largest objects that only stage 2 found (Figure 12).",
    ),
    WHOLLY_FALSE: (
        "false_positives",
        "False positives",
        "The largest objects of stage 2 without a true pixel (Figure 13). Some may be "
        "objects that the labels lack.",
    ),
}
_DRAWN, _LISTED = 4, 10
_SMALLEST_SIDE = 96
_PANELS = ("ground truth", "stage 1", "stage 2", "image")
_MAP_SITE = (
    "https://www.openstreetmap.org/?mlat={1:.6f}&mlon={0:.6f}#map=18/{1:.6f}/{0:.6f}"
)


@dataclass(frozen=True)
class CloseUp:
    """An object and its surroundings, cut out of a scene.

    Attributes:
        shown: The object.
        image: (h, w, 3) in [0, 1].
        truth: (h, w) uint8 in {0, 1, 255}.
        stage1: (h, w) bool.
        codes: (h, w) uint8 of stage 2.
    """

    shown: NotableObject
    image: np.ndarray
    truth: np.ndarray
    stage1: np.ndarray
    codes: np.ndarray


class Changes:
    """Notable objects of all scenes and close-ups of the largest; no scene is kept."""

    def __init__(self) -> None:
        self._objects: list[NotableObject] = []
        self._close_ups: dict[str, list[CloseUp]] = {kind: [] for kind in _SHOWN}

    def look_at(self, scene: SceneLayers) -> None:
        """Take in a scene with both stages."""
        here = notable_objects(scene)
        self._objects += here
        for kind, kept in self._close_ups.items():
            kept += [cut_out(scene, one) for one in largest(here, kind)[:_DRAWN]]
            kept.sort(key=lambda close_up: -close_up.shown.pixels)
            del kept[_DRAWN:]

    def add_to(self, writer: ReportWriter) -> None:
        """Add numbers, the largest with pictures, and the list of all."""
        writer.heading("What changed, object by object")
        kinds = (FOUND, LOST, WHOLLY_FALSE, MOSTLY_FALSE)
        ranked = {kind: largest(self._objects, kind) for kind in kinds}
        found, lost, wholly, mostly = (len(members) for members in ranked.values())
        writer.page.text(
            f"Stage 2 finds {found} true objects that stage 1 did not find, and does "
            f"not find {lost} that stage 1 found; an object is found if at least half "
            f"of it is covered. {wholly + mostly} of the objects that stage 2 maps are "
            f"false positives: {wholly} without a true pixel, {mostly} less than half "
            "true. All are in objects.csv."
        )
        for kind in _SHOWN:
            if ranked[kind]:
                self._add_kind(writer, kind, ranked[kind])
        rows = [
            one.as_row(rank)
            for members in ranked.values()
            for rank, one in enumerate(members, start=1)
        ]
        writer.csv("objects", rows, list(_HEADINGS))

    def _add_kind(
        self, writer: ReportWriter, kind: str, members: Sequence[NotableObject]
    ) -> None:
        name, heading, caption = _SHOWN[kind]
        writer.page.subheading(heading)
        caption += (
            " Stage 2: white target channel, red error channel, blue both. On the "
            "image, yellow: truth, red: stage 2. Beside each its size and the map "
            "coordinates of its middle."
        )
        figure = draw_close_ups(self._close_ups[kind])
        writer.figure(name, figure, caption, vector=False)
        listed = enumerate(members[:_LISTED], start=1)
        headings = {key: text for key, text in _HEADINGS.items() if key != "kind"}
        rows = [_linked(one, rank) for rank, one in listed]
        writer.page.table(rows, headings | {"link": "Map"}, text=2)


def cut_out(scene: SceneLayers, shown: NotableObject) -> CloseUp:
    """A square window around an object, a good deal larger than it.

    Args:
        scene: The object's scene, with both stages.
        shown: What to look at.
    """
    top, left, height, width = shown.box
    side = max(_SMALLEST_SIDE, round(1.8 * max(height, width)))
    rows, row = _span(top, height, side, scene.shape[0])
    columns, column = _span(left, width, side, scene.shape[1])
    layers = scene.layers(row, column, rows, columns)
    return CloseUp(
        shown=shown,
        image=scene.image(row, column, rows, columns),
        truth=layers["truth"],
        stage1=layers["stage1"],
        codes=layers["codes"],
    )


def draw_close_ups(close_ups: Sequence[CloseUp]) -> Figure:
    """A row per object: truth, stage 1, stage 2 by channel, and the image."""
    figure = Figure(figsize=(8.4, 1.93 * len(close_ups) + 0.3), layout="constrained")
    panels = figure.subplots(len(close_ups), len(_PANELS), squeeze=False)
    for rank, (row, near) in enumerate(zip(panels, close_ups, strict=True), start=1):
        pictures = (
            paint(near.truth == 1),
            paint(near.stage1),
            MAP_COLOURS[near.codes],
            near.image,
        )
        for axes, title, pixels in zip(row, _PANELS, pictures, strict=True):
            axes.imshow(pixels, interpolation="nearest")
            bare(axes)
            if rank == 1:
                axes.set_title(title, fontsize=9)
        _outline(row[-1], near)
        row[0].set_ylabel(
            _label(rank, near.shown), fontsize=8, rotation=0, ha="right", va="center"
        )
    return figure


def _linked(shown: NotableObject, rank: int) -> dict[str, object]:
    row = shown.as_row(rank)
    place = 5 if shown.in_degrees else 1
    decimals = {"x": place, "y": place, "area_m2": 1, "longitude": 5, "latitude": 5}
    for key, digits in decimals.items():
        value = row[key]
        row[key] = None if value is None else rounded(float(str(value)), f",.{digits}f")
    if shown.degrees is not None:
        row["link"] = Link("open", _MAP_SITE.format(*shown.degrees))
    return row


def _outline(axes: Axes, near: CloseUp) -> None:
    for mask, colour in ((near.truth == 1, LABEL_COLOUR), (near.codes > 0, DECIDED)):
        if mask.any() and not mask.all():
            axes.contour(mask, [0.5], colors=colour, linewidths=0.9)


def _label(rank: int, shown: NotableObject) -> str:
    size = (
        f"{shown.pixels:,} px" if shown.area_m2 is None else f"{shown.area_m2:,.0f} m²"
    )
    if shown.place is None:
        top, left, height, width = shown.box
        where = f"row {top + height // 2}, col {left + width // 2}"
    else:
        digits = 5 if shown.in_degrees else 0
        where = f"{shown.place[0]:.{digits}f}\n{shown.place[1]:.{digits}f}"
    return f"{rank}\n{size}\n{where}"


def _span(start: int, size: int, side: int, limit: int) -> tuple[int, int]:
    """Length and first index of a window around a span, inside 0 … limit."""
    length = min(side, limit)
    first = start + size // 2 - length // 2
    return length, min(max(first, 0), limit - length)
