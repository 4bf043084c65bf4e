"""A rendered scene as the files that the tools read."""

from pathlib import Path

import geopandas
import matplotlib.patheffects
import numpy as np
import rasterio
from matplotlib.figure import Figure

from mmext.fileio import atomic_path

from .label_errors import FaultyLabels
from .scene import CRS, RenderedScene


def write_scene(
    scene: RenderedScene, folder: Path, name: str, faulty: FaultyLabels | None = None
) -> None:
    """Write image, true fields and a preview; with errors, the faulty labels too.

    ``NAME.tif`` (tiled GeoTIFF), ``NAME_fields.gpkg`` (the truth), ``NAME.png``; and
    ``NAME_labels.gpkg``, ``NAME_label_errors.gpkg`` for ``faulty``.

    Args:
        scene: What was rendered.
        folder: Where to.
        name: Stem of the files.
        faulty: Labels with planted errors.
    """
    height, width = scene.image.shape[:2]
    with (
        atomic_path(folder / f"{name}.tif") as temporary,
        rasterio.open(
            temporary,
            "w",
            driver="GTiff",
            height=height,
            width=width,
            count=3,
            dtype="uint8",
            crs=CRS,
            transform=scene.transform,
            tiled=True,
            compress="deflate",
            photometric="rgb",
        ) as raster,
    ):
        raster.write(scene.image.transpose(2, 0, 1))
        raster.descriptions = ("red", "green", "blue")
    _write_table(scene.fields, folder / f"{name}_fields.gpkg")
    if faulty is not None:
        _write_table(faulty.labels, folder / f"{name}_labels.gpkg")
        _write_table(faulty.errors, folder / f"{name}_label_errors.gpkg")
    _write_preview(scene, folder / f"{name}.png")


def _write_table(table: geopandas.GeoDataFrame, path: Path) -> None:
    with atomic_path(path) as temporary:
        table.to_file(temporary, layer=path.stem)


def _write_preview(scene: RenderedScene, path: Path) -> None:
    height, width = scene.image.shape[:2]
    step = max(1, round(max(height, width) / 1600))
    left, top = scene.transform.c, scene.transform.f
    right, bottom = scene.transform * (width, height)
    figure = Figure(figsize=(12, 12 * height / width), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(
        np.ascontiguousarray(scene.image[::step, ::step]),
        extent=(left, right, bottom, top),
        interpolation="lanczos",
    )
    halo = [matplotlib.patheffects.withStroke(linewidth=2.2, foreground="black")]
    scene.fields.boundary.plot(
        ax=axes, color="#ffd400", linewidth=1.1, path_effects=halo
    )
    axes.set_axis_off()
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
