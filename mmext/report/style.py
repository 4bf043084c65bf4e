"""One look for all figures."""

import io
from contextlib import AbstractContextManager
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from mmext.fileio import atomic_path

#: Colours that also people with a colour deficiency tell apart (Wong 2011).
STAGE1, STAGE2, CHANNEL0 = "#7a7a7a", "#0072b2", "#56b4e9"
FN, FP, TOTAL = "#d55e00", "#cc79a7", "#222222"

_RC = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "svg.fonttype": "none",
}


def styled() -> AbstractContextManager[None]:
    """Context in which figures get the report's look."""
    return rc_context(_RC)


def save_figure(figure: Figure, path: Path) -> None:
    """Save as PNG and SVG beside each other.

    Args:
        figure: The figure.
        path: Without a suffix.
    """
    for suffix in (".png", ".svg"):
        with atomic_path(path.with_name(path.name + suffix)) as temporary:
            figure.savefig(temporary, dpi=150)


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG, for embedding."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return buffer.getvalue()
