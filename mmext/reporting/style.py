"""One look for all figures."""

import io
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context
from PIL import Image

from mmext.fileio import atomic_path

#: Colours that also people with a colour deficiency tell apart (Wong 2011).
STAGE1, STAGE2, CHANNEL0 = "#737373", "#0072b2", "#56b4e9"
FN, FP, TOTAL = "#d55e00", "#cc79a7", "#222222"
TRUTH, FOUND = "#ffd400", "#e21a1c"
#: Four more, for series that belong to neither stage.
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
#: Maps, as in the paper: black, white target, red error channel, blue both.
MAP_COLOURS = np.array([[0, 0, 0], [255, 255, 255], [226, 26, 28], [31, 90, 200]]) / 255


def styled() -> AbstractContextManager[None]:
    """Context in which figures get the report's look."""
    return context("mmext.reporting.figures")


def bare(axes: Axes) -> None:
    """Take ticks and grid off axes that hold a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)


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
