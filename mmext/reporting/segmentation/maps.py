"""The section "Maps": whole test scenes in the paper's colours (Figure 11)."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from mmext.inference.class_codes import GROWN
from mmext.pixel_values import IGNORE
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import MAP_COLOURS, paint

from .changes import Changes
from .experiment import Evaluation, Experiment
from .scene_layers import SceneLayers, scene_layers, scene_names

_MAPS = 4
_LONGEST_SIDE = 1600
_BACKGROUND = np.array([0.85, 0.85, 0.85])


def add_maps(
    writer: ReportWriter, experiment: Experiment, evaluation: Evaluation
) -> None:
    """Add Figures 11 to 13 and the list of what changed.

    Args:
        writer: Of the report.
        experiment: The runs.
        evaluation: Their answers.
    """
    case = experiment.shown_case
    second = evaluation.cases.get(case) if case else None
    known = second or evaluation.stage1
    if known is None:
        return
    writer.heading("Maps")
    if second is not None and len(experiment.cases) > 1:
        writer.page.text(f"Stage 2 is case {case}, the last in the paper's order.")
    store, names = known.store, scene_names(known.store)
    stage1 = evaluation.stage1.dump if evaluation.stage1 else None
    stage2 = second.dump if second else None
    both = stage1 is not None and stage2 is not None
    changes = Changes() if both else None
    for number, scene in enumerate(scene_layers(store, names, stage1, stage2)):
        if number < _MAPS:
            caption = f"{scene.name} (Figure 11)."
            writer.figure(f"map_{scene.name}", draw_scene(scene), caption, vector=False)
        if changes is not None:
            changes.look_at(scene)
    if len(names) > _MAPS:
        writer.page.text(
            f"Drawn are the {_MAPS} of {len(names)} scenes with most target; what "
            "follows is of all.",
            quiet=True,
        )
    if changes is not None:
        changes.add_to(writer)


def draw_scene(scene: SceneLayers) -> Figure:
    """Image, ground truth, stage 1 and stage 2, with scale, legend, coordinates."""
    height, width = scene.shape
    step = max(1, -(-max(height, width) // _LONGEST_SIDE))
    layers = scene.layers(0, 0, height, width, step)
    outside = layers["truth"] == IGNORE
    panels = [
        ("image", scene.image(0, 0, height, width, step)),
        ("ground truth", paint(layers["truth"] == 1)),
    ]
    if "stage1" in layers:
        panels.append(("stage 1", paint(layers["stage1"])))
    codes = layers.get("codes")
    if codes is not None:
        panels.append(("stage 2, by channel", MAP_COLOURS[codes]))
        panels.append(("stage 2, decided", paint(codes > 0)))
    columns = 1 if width > 2.2 * height else 2 if width > 1.2 * height else 3
    rows = -(-len(panels) // columns)
    side = 9.6 / columns
    panel_height = side * height / width + 0.42
    figure = Figure(figsize=(9.6, rows * panel_height + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for letter, axes, (title, pixels) in zip("abcdef", grid, panels, strict=False):
        if title != "image":
            pixels = np.where(outside[..., None], _BACKGROUND, pixels)
        _show(axes, scene, pixels)
        axes.set_title(f"({letter}) {title}", fontsize=9)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    _scale_bar(grid[0], scene)
    if codes is not None:
        handles = _legend(bool((codes == GROWN).any()))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def nice_length(most: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is at most ``most``, which is positive."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(f * power for f in (1, 2, 5) if f * power <= most)


def _legend(grown: bool) -> list[Patch]:
    labels = ["target channel", "error channel only", "both", "grown", "no data"]
    colours = [*MAP_COLOURS[1:], _BACKGROUND]
    if not grown:
        del labels[GROWN - 1], colours[GROWN - 1]
    return [
        Patch(facecolor=colour, edgecolor="black", lw=0.5, label=label)
        for colour, label in zip(colours, labels, strict=True)
    ]


def _show(axes: Axes, scene: SceneLayers, pixels: np.ndarray) -> None:
    height, width = scene.shape
    extent = (0.0, float(width), float(height), 0.0)
    grid = scene.grid.transform
    # The axes of a turned grid would not be the CRS's: rows and columns are shown.
    if grid is not None and grid.b == grid.d == 0:
        (left, top), (right, bottom) = grid * (0, 0), grid * (width, height)
        extent = (left, right, bottom, top)
    axes.imshow(pixels, extent=extent, interpolation="nearest")
    axes.grid(False)
    axes.tick_params(labelsize=6, length=2)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(axis="x", nbins=4)
    axes.locator_params(axis="y", nbins=3)
    for label in axes.get_yticklabels():
        label.set(rotation=90, va="center")


def _scale_bar(axes: Axes, scene: SceneLayers) -> None:
    # In the axes' own units, so that the bar needs no CRS.
    height, width = scene.shape
    metres = scene.grid.metres
    unit = "px" if metres is None else "m"
    length = nice_length(width * (metres or 1) / 4)
    share = length / ((metres or 1) * width)
    thickness = 0.018 * (1 if height < width else width / height)
    plate = Rectangle(
        (0.015, 0.02),
        share + 0.03,
        thickness + 0.1,
        transform=axes.transAxes,
        facecolor="black",
        alpha=0.55,
        lw=0,
    )
    bar = Rectangle(
        (0.03, 0.04), share, thickness, transform=axes.transAxes, color="white", lw=0
    )
    axes.add_patch(plate)
    axes.add_patch(bar)
    text = f"{length / 1000:g} km" if unit == "m" and length >= 1000 else None
    axes.text(
        0.03,
        0.05 + thickness,
        text or f"{length:g} {unit}",
        transform=axes.transAxes,
        color="white",
        fontsize=7,
        va="bottom",
    )
