"""Figures 1 and 2 of the paper, and where the error lies."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from mmext.reporting.style import bare

from .frames import Frame
from .published import CONFIGURATIONS

#: Near is light, far is dark; unknown is grey-blue, which is in neither scale.
DEPTH_COLOURS, ERROR_COLOURS, UNKNOWN = "magma_r", "viridis", "#b8c4d0"


def structural_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """Figure 1: structural depth by configuration, thermal image and truth beside.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    return _panels(frames, lambda frame: frame.structural, cap)


def metric_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """Figure 2: metric depth by configuration, thermal image and truth beside.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    return _panels(frames, lambda frame: frame.metric, cap)


def error_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """|p − d| / d of the metric depth by configuration.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    errors = [
        {
            name: _error(values, frame.truth, cap)
            for name, values in frame.metric.items()
        }
        for frame in frames
    ]
    highest = max(
        float(np.nanpercentile(values, 95))
        for row in errors
        for values in row.values()
        if np.isfinite(values).any()
    )
    names = list(frames[0].metric)
    figure, grid = _grid(frames, ["thermal", *_titles(names)])
    for row, frame, found in zip(grid, frames, errors, strict=True):
        row[0].imshow(frame.thermal, cmap="gray", vmin=0, vmax=1)
        for axes, name in zip(row[1:], names, strict=True):
            shown = axes.imshow(
                found[name], cmap=_colours(ERROR_COLOURS), vmin=0, vmax=highest
            )
    label = "|p − d| / d"
    figure.colorbar(shown, ax=grid, label=label, shrink=0.8, extend="max", pad=0.01)
    return figure


def _panels(
    frames: Sequence[Frame],
    maps_of: Callable[[Frame], dict[str, np.ndarray]],
    cap: float,
) -> Figure:
    names = list(maps_of(frames[0]))
    figure, grid = _grid(frames, ["thermal", "truth", *_titles(names)])
    low, high = _limits(frames, cap)
    for row, frame in zip(grid, frames, strict=True):
        row[0].imshow(frame.thermal, cmap="gray", vmin=0, vmax=1)
        truth = np.where(frame.truth > 0, frame.truth, np.nan)
        maps = [truth, *(maps_of(frame)[name] for name in names)]
        for axes, values in zip(row[1:], maps, strict=True):
            shown = axes.imshow(
                values, cmap=_colours(DEPTH_COLOURS), vmin=low, vmax=high
            )
    figure.colorbar(
        shown, ax=grid, label="depth, m", shrink=0.8, extend="both", pad=0.01
    )
    return figure


def _grid(frames: Sequence[Frame], titles: Sequence[str]) -> tuple[Figure, np.ndarray]:
    height, width = frames[0].thermal.shape
    side = 1.75
    size = (side * len(titles) + 0.8, side * height / width * len(frames) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(frames), len(titles), squeeze=False)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=7.5, loc="center")
    for row, frame in zip(grid, frames, strict=True):
        for axes in row:
            bare(axes)
        row[0].set_ylabel(frame.sample_id, fontsize=7)
    return figure, grid


def _titles(names: Sequence[str]) -> list[str]:
    titles = [CONFIGURATIONS.get(name, name) for name in names]
    # The paper's letters, (a) to (e).
    return [
        f"({chr(ord('a') + n)}) {title}".replace(", ", ",\n")
        for n, title in enumerate(titles)
    ]


def _limits(frames: Sequence[Frame], cap: float) -> tuple[float, float]:
    """Ends of the one colour scale: 1 and 99 % of the true depth of all frames."""
    known = [f.truth[(f.truth > 0) & (f.truth < cap)] for f in frames]
    values = np.concatenate(known)
    if not len(values):
        return 0.0, cap
    low, high = np.percentile(values, (1, 99))
    return float(low), float(high)


def _error(values: np.ndarray, truth: np.ndarray, cap: float) -> np.ndarray:
    mask = (truth > 0) & (truth < cap)
    error = np.full(truth.shape, np.nan)
    error[mask] = np.abs(values[mask] - truth[mask]) / truth[mask]
    return error


def _colours(name: str) -> Colormap:
    return colormaps[name].with_extremes(bad=UNKNOWN)
