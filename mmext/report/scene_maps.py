"""Maps of whole scenes in the paper's colours (Figures 11 to 13)."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from scipy import ndimage

from mmext.datasets.tile_store import TileStore
from mmext.evaluation.scene_mosaic import PlacedTile, scene_mosaics

from .predictions import TestPredictions
from .tile_image import to_display

#: White target, red error channel, blue both, on black; grey outside.
COLOURS = np.array([[0, 0, 0], [255, 255, 255], [226, 26, 28], [31, 90, 200]]) / 255
_ZOOMS = 4
_ZOOM_PIXELS = 160


@dataclass(frozen=True)
class SceneMap:
    """A scene put together from its tiles, all on one grid.

    Attributes:
        name: The scene.
        image: (H, W, 3) in [0, 1].
        truth: (H, W) uint8 in {0, 1, 255}.
        stage1: (H, W) bool, or None.
        codes: (H, W) uint8 of stage 2: 1 target, 2 error, 3 both; or None.
        origin: CRS coordinates of the upper left corner, or None.
        pixel: Pixel size in CRS units.
        metres: Pixel size on the ground, or None.
    """

    name: str
    image: np.ndarray
    truth: np.ndarray
    stage1: np.ndarray | None
    codes: np.ndarray | None
    origin: tuple[float, float] | None
    pixel: float
    metres: float | None


def assemble(
    store: TileStore, stage1: TestPredictions | None, stage2: TestPredictions | None
) -> list[SceneMap]:
    """Put the test scenes together."""
    codes = None if stage2 is None else stage2.codes()
    tiles = []
    for row in store.tiles.itertuples():
        tile = int(row.tile_id)
        layers = {"truth": np.asarray(store.masks[tile])}
        image = to_display(store, np.asarray(store.images[tile]))
        layers |= {f"image{band}": image[..., band] for band in range(3)}
        if stage1 is not None:
            layers["stage1"] = stage1.mask[tile]
        if codes is not None:
            layers["codes"] = codes[tile]
        tiles.append(PlacedTile(row.scene, int(row.row_off), int(row.col_off), layers))
    fill = {"truth": 255, "stage1": 0, "codes": 0} | {f"image{b}": 0 for b in range(3)}
    maps = []
    for name, layers in scene_mosaics(tiles, fill).items():
        transform = store.meta["scenes"][name]["transform"]
        located = store.meta["crs"] is not None
        maps.append(
            SceneMap(
                name=name,
                image=np.stack([layers[f"image{band}"] for band in range(3)], axis=-1),
                truth=layers["truth"],
                stage1=layers.get("stage1"),
                codes=layers.get("codes"),
                origin=(transform[2], transform[5]) if located else None,
                pixel=transform[0],
                metres=store.meta["pixel_size_m"],
            )
        )
    return maps


def draw_scene(scene: SceneMap) -> Figure:
    """Image, ground truth, stage 1 and stage 2 side by side."""
    panels = [("image", scene.image), ("ground truth", _painted(scene.truth == 1))]
    if scene.stage1 is not None:
        panels.append(("stage 1", _painted(scene.stage1)))
    if scene.codes is not None:
        panels.append(("stage 2: channels", COLOURS[scene.codes]))
        panels.append(("stage 2: union", _painted(scene.codes > 0)))
    height, width = scene.truth.shape
    columns = 1 if width > 2.2 * height else 3
    rows = -(-len(panels) // columns)
    side = 11 / columns
    figure = Figure(
        figsize=(11, rows * (side * height / width + 0.35) + 0.5), layout="constrained"
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, picture) in zip(grid, panels, strict=False):
        _show(axes, scene, picture)
        axes.set_title(title)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    _scale_bar(grid[0], scene)
    labels = ("target channel", "error channel", "both")
    handles = [
        Patch(facecolor=colour, edgecolor="black", label=label)
        for colour, label in zip(COLOURS[1:], labels, strict=True)
    ]
    if scene.codes is not None:
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.suptitle(scene.name)
    return figure


def draw_finds(scene: SceneMap) -> Figure | None:
    """Figures 12 and 13: fields only stage 2 found, and false positives, by size.

    Returns:
        A zoom on each of the largest, or None if there is no second stage.
    """
    if scene.stage1 is None or scene.codes is None:
        return None
    union = scene.codes > 0
    found = _largest(_missed_by(scene.truth == 1, scene.stage1) & union)
    false = _largest(union & (scene.truth == 0))
    figure = Figure(figsize=(11, 5.8), layout="constrained")
    panels = figure.subplots(2, _ZOOMS)
    for row, (label, places) in enumerate(
        (("only stage 2 found", found), ("false positive", false))
    ):
        for column in range(_ZOOMS):
            axes = panels[row, column]
            if column >= len(places):
                axes.set_visible(False)
                continue
            _draw_zoom(axes, scene, union, *places[column], label)
    return figure


def _missed_by(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Pixels of true objects of which less than half is predicted."""
    labels, number = ndimage.label(truth)
    if number == 0:
        return np.zeros_like(truth)
    covered = ndimage.mean(prediction, labels, np.arange(number + 1))
    return truth & (covered < 0.5)[labels]


def _largest(mask: np.ndarray) -> list[tuple[int, int, int]]:
    """Centre row, centre column and pixels of the largest components."""
    labels, number = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=number + 1)[1:]
    chosen = (np.argsort(sizes)[::-1][:_ZOOMS] + 1).tolist()
    centres = ndimage.center_of_mass(mask, labels, chosen) if chosen else []
    return [
        (int(row), int(column), int(sizes[label - 1]))
        for label, (row, column) in zip(chosen, centres, strict=True)
    ]


def _draw_zoom(
    axes: Axes,
    scene: SceneMap,
    prediction: np.ndarray,
    row: int,
    column: int,
    pixels: int,
    label: str,
) -> None:
    half = _ZOOM_PIXELS // 2
    top, left = max(0, row - half), max(0, column - half)
    window = np.s_[top : top + _ZOOM_PIXELS, left : left + _ZOOM_PIXELS]
    axes.imshow(scene.image[window])
    for mask, colour in (
        (scene.truth[window] == 1, "#ffd400"),
        (prediction[window], "#e21a1c"),
    ):
        if mask.any() and not mask.all():
            axes.contour(mask, [0.5], colors=colour, linewidths=1.2)
    area = f"{pixels * scene.metres**2:,.0f} m²" if scene.metres else f"{pixels} px"
    axes.set_title(f"{label}: {area}", fontsize=9)
    axes.set_xlabel(_place(scene, row, column), fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)


def _place(scene: SceneMap, row: int, column: int) -> str:
    if scene.origin is None:
        return f"row {row}, column {column}"
    x = scene.origin[0] + (column + 0.5) * scene.pixel
    y = scene.origin[1] - (row + 0.5) * scene.pixel
    return f"{x:.1f}, {y:.1f}"


def _painted(mask: np.ndarray) -> np.ndarray:
    return COLOURS[mask.astype(np.uint8)]


def _show(axes: Axes, scene: SceneMap, picture: np.ndarray) -> None:
    height, width = scene.truth.shape
    extent = None
    if scene.origin is not None:
        left, top = scene.origin
        right, bottom = left + width * scene.pixel, top - height * scene.pixel
        extent = (left, right, bottom, top)
    step = max(1, width // 1800)
    axes.imshow(picture[::step, ::step], extent=extent, interpolation="nearest")
    axes.grid(False)
    axes.tick_params(labelsize=6)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(nbins=3)


def _scale_bar(axes: Axes, scene: SceneMap) -> None:
    if scene.metres is None or scene.origin is None:
        return
    height, width = scene.truth.shape
    metres = 10 ** np.floor(np.log10(width * scene.metres / 3))
    length = metres / scene.metres * scene.pixel
    left = scene.origin[0] + 0.03 * width * scene.pixel
    bottom = scene.origin[1] - 0.94 * height * scene.pixel
    bar = Rectangle((left, bottom), length, 0.015 * height * scene.pixel, color="white")
    axes.add_patch(bar)
    axes.text(
        left, bottom + 0.03 * height * scene.pixel, f"{metres:g} m", color="white"
    )
