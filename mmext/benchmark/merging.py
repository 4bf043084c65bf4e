"""Putting many mapped sheets together."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio
import shapely
from mmengine.registry import DefaultScope

from mmext.inference.backends.eager import eager_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.polygon_file import PolygonFile
from mmext.mapping.predict_scene import result_paths
from mmext.mapping.put_together import put_together

from .measure import Comparison, peak_megabytes
from .setting import cut, untrained

#: Side of a sheet in pixels, pixels from one object to the next, and side of an object.
#: Objects lie on the corners of a grid, so that those at a sheet's edge are cut.
_SHEET, _PITCH, _OBJECT = 1000, 10, 6
_ORIGIN = (200_000.0, 500_000.0)
#: Sheets a side of the square: 10⁵ and 10⁶ polygons.
_SMALL, _LARGE = 3, 10


def merging(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """A million polygons of a hundred sheets, against a minute; time and memory.

    It takes as long each time, so it is measured once, as is a tenth of it.
    """
    header = cut(scene, folder / "tiles", 128).header
    seconds, peaks, numbers = {}, {}, {}
    for side in (_SMALL, _LARGE):
        out = folder / f"{side}"
        scenes, numbers[side] = write_sheets(out, side)
        # A process of its own each: a peak never goes down again.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds[side], peaks[side] = pool.apply(_merge, (header, scenes, out))
    large, small = numbers[_LARGE], numbers[_SMALL]
    yield Comparison(
        f"putting together {large} polygons of {_LARGE**2} sheets",
        "a minute a million",
        [seconds[_LARGE]],
        [60 * large / 1e6],
        goal=1.0,
    )
    yield Comparison(
        f"seconds a polygon, of {large}",
        f"of {small}",
        [seconds[_LARGE] / large],
        [seconds[_SMALL] / small],
    )
    yield Comparison(
        f"memory for {large} polygons",
        f"for {small}",
        [peaks[_LARGE]],
        [peaks[_SMALL]],
        unit="MB",
        clock=None,
    )


def write_sheets(out: Path, side: int) -> tuple[list[Path], int]:
    """Write what mapping leaves of a square of sheets.

    Args:
        out: Folder, made.
        side: Sheets a side.

    Returns:
        The scenes, which don't exist, and how many polygons their results hold.
    """
    out.mkdir()
    half = _OBJECT // 2
    starts = np.clip(np.arange(0, _SHEET + 1, _PITCH) - half, 0, _SHEET)
    ends = np.clip(np.arange(0, _SHEET + 1, _PITCH) + half, 0, _SHEET)
    inside = np.zeros(_SHEET, bool)
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    codes = (inside[:, None] & inside).astype(np.uint8)
    top, left = (grid.ravel() for grid in np.meshgrid(starts, starts, indexing="ij"))
    bottom, right = (grid.ravel() for grid in np.meshgrid(ends, ends, indexing="ij"))
    edge = (np.minimum(top, left) == 0) | (np.maximum(bottom, right) == _SHEET)
    scenes = []
    for row in range(side):
        for column in range(side):
            scene = out / f"sheet_{row}_{column}.tif"
            x, y = _ORIGIN[0] + column * _SHEET, _ORIGIN[1] - row * _SHEET
            shapes = shapely.box(x + left, y - bottom, x + right, y - top)
            _write_results(scene, out, codes, shapes, edge, (x, y))
            scenes.append(scene)
    return scenes, side * side * len(edge)


def _write_results(
    scene: Path,
    out: Path,
    codes: np.ndarray,
    shapes: np.ndarray,
    edge: np.ndarray,
    corner: tuple[float, float],
) -> None:
    probability, classes, polygons = result_paths(scene, out)
    for path, values in ((probability, codes * 200), (classes, codes)):
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=_SHEET,
            width=_SHEET,
            count=1,
            dtype="uint8",
            nodata=255,
            crs="EPSG:5186",
            transform=rasterio.Affine(1, 0, corner[0], 0, -1, corner[1]),
            compress="deflate",
        ) as raster:
            raster.write(values, 1)
    table = {
        "area_m2": shapely.area(shapes),
        "mean_prob": 0.8,
        "max_prob": 0.8,
        "source": "target",
        "cut": edge,
        "scene": scene.stem,
        "model": "none",
    }
    file = PolygonFile(polygons)
    file.add(geopandas.GeoDataFrame(table, geometry=shapes, crs="EPSG:5186"))
    file.finish()


def _merge(
    header: dict[str, Any], scenes: list[Path], out: Path
) -> tuple[float, float]:
    """Processor seconds, and the peak of this process in megabytes."""
    with DefaultScope.overwrite_default_scope("mmext"):
        predictor = eager_predictor(untrained(header, width=4))
    started = time.process_time()
    problems = put_together(scenes, out, predictor, PredictionSettings(spare_cut=True))
    assert not problems, problems
    return time.process_time() - started, peak_megabytes()
