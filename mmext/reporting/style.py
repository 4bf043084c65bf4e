"""One look for all figures."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context
from PIL import Image

from mmext.fileio import atomic_path
from mmext.inference.class_codes import BOTH, COLOURS, ERROR, GROWN, NONE, TARGET
from mmext.raster.display import FN_COLOUR, FP_COLOUR

#: Colours that also people with a colour deficiency tell apart (Wong 2011).
STAGE1, STAGE2, CHANNEL0 = "#737373", "#0072b2", "#56b4e9"
FN, FP, TOTAL = FN_COLOUR, FP_COLOUR, "#222222"
DECIDED, AXIS = "#e21a1c", "#8a939b"
#: For series that belong to neither stage.
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
#: By class code: black, white target, red error channel, blue both, yellow grown.
MAP_COLOURS = (
    np.array([COLOURS[code][:3] for code in (NONE, TARGET, ERROR, BOTH, GROWN)]) / 255
)


def styled() -> AbstractContextManager[None]:
    """Context in which figures get the report's look."""
    return context("mmext.reporting.figures")


def paint(mask: np.ndarray) -> np.ndarray:
    """(H, W, 3) white on black of a (H, W) bool mask."""
    return MAP_COLOURS[mask.astype(np.uint8)]


def bare(axes: Axes) -> None:
    """Take ticks and grid off axes that hold a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)


def case_panels(names: Sequence[str], height: float = 2.7) -> tuple[Figure, list[Axes]]:
    """Panels in the paper's arrangement, two in a row, with shared axes.

    Args:
        names: The panels' titles.
        height: Of a panel, in inches.
    """
    number = max(1, len(names))
    columns = min(2, number)
    rows = -(-number // columns)
    width = 8.4 if columns == 1 else 4.6 * columns
    figure = Figure(figsize=(width, height * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    panels = grid.ravel().tolist()
    for spare in panels[number:]:
        spare.set_visible(False)
    for letter, axes, name in zip("abcdefgh", panels, names, strict=False):
        axes.set_title(name if number == 1 else f"({letter}) {name}")
    for axes in panels[:number]:
        # A panel above an empty place has no neighbour to show its numbers.
        axes.tick_params(labelbottom=True, labelleft=True)
    return figure, panels[:number]


def label_panels(
    figure: Figure, panels: Sequence[Axes], x: str, y: str, legend_columns: int = 5
) -> None:
    """Name the axes once, and put the first panel's legend above all.

    Args:
        figure: The figure.
        panels: Its panels.
        x: Label of the horizontal axis.
        y: Label of the vertical axis.
        legend_columns: Entries in a row.
    """
    figure.supxlabel(x, fontsize=9)
    figure.supylabel(y, fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=legend_columns)


def save_figure(figure: Figure, path: Path) -> dict[str, Path]:
    """Save as PNG and SVG beside each other.

    Args:
        figure: The figure.
        path: Without a suffix.

    Returns:
        The files, by ``png`` and ``svg``.
    """
    files = {}
    # Without a date the same figure gives the same file.
    for kind, metadata in (("png", None), ("svg", {"Date": None})):
        files[kind] = path.with_name(f"{path.name}.{kind}")
        with atomic_path(files[kind]) as temporary:
            figure.savefig(temporary, format=kind, dpi=140, metadata=metadata)
    return files


def compressed(picture: Path) -> bytes:
    """A saved PNG as WebP: photographs at a tenth of their size."""
    content = io.BytesIO()
    with Image.open(picture) as image:
        image.save(content, format="webp", quality=88)
    return content.getvalue()
