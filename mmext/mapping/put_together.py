"""One map of many sheets."""

from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.errors import RasterioError
from rasterio.windows import Window, subdivide

from mmext.errors import UserError, one_line
from mmext.fileio import atomic_path
from mmext.inference.class_codes import NODATA, NONE
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.raster.outlines import window_outline
from mmext.raster.scene_reader import open_scene
from mmext.raster.vrt import write_vrt
from mmext.raster.writing import CantWriteError

from .merge import (
    Sheet,
    merge_sheets,
    near_another,
    refuse_another_system,
    surroundings,
)
from .object_table import (
    UNSUPPORTED,
    LeftOut,
    beside,
    clean_objects,
    describe_left_out,
)
from .polygon_file import LAYER, PolygonFile
from .predict_scene import result_paths

#: The name of what is over all sheets.
MERGED = "map"
_BLOCK = 4096


def put_together(
    scenes: Sequence[Path],
    out: Path,
    predictor: Predictor,
    settings: PredictionSettings,
) -> list[str]:
    """Write ``map_class.vrt``, ``map_probability.vrt`` and ``map.gpkg``.

    Args:
        scenes: Mapped scenes.
        out: Where their results lie.
        predictor: Decides which objects count.
        settings: How they were mapped.

    Returns:
        A line for what could not be put together.

    Raises:
        CantWriteError: The disk says no.
    """
    if not scenes:
        return []
    problems = []
    results = [result_paths(scene, out) for scene in scenes]
    mosaic: Path | None = None
    for kind, index in (("probability", 0), ("class", 1)):
        path = out / f"{MERGED}_{kind}.vrt"
        try:
            write_vrt([paths[index] for paths in results], path)
            mosaic = path
        except UserError as error:
            # One of an earlier call would show other sheets.
            path.unlink(missing_ok=True)
            problems.append(str(error))
            mosaic = None
    path = out / f"{MERGED}.gpkg"
    try:
        with atomic_path(path) as temporary:
            merged = PolygonFile(temporary)
            left_out = _merge(results, merged, mosaic, predictor, settings)
            merged.finish()
    except CantWriteError:
        raise
    except UserError as error:
        path.unlink(missing_ok=True)
        return [*problems, str(error)]
    print(
        f"{path}: {merged.number} objects over {len(scenes)} sheets"
        f"{describe_left_out(left_out)}"
    )
    return problems


def _merge(
    results: Sequence[tuple[Path, Path, Path]],
    merged: PolygonFile,
    mosaic: Path | None,
    predictor: Predictor,
    settings: PredictionSettings,
) -> LeftOut:
    """Fill the merged file; how many objects were left out, and why.

    Objects far from all other sheets go through, sheet by sheet; what lies along the
    others is held and put together at the end. So memory follows the sheets' borders.
    """
    grids = [_read_grid(classes) for _, classes, _ in results]
    outlines = [window_outline(Window(0, 0, w, h), t) for t, h, w in grids]
    sides = [np.hypot([t.a, t.b], [t.d, t.e]).max() for t, *_ in grids]
    sheets = surroundings(outlines, max(sides))
    pixel = abs(grids[0][0].a)
    left_out = LeftOut()

    def add(objects: geopandas.GeoDataFrame, cleaned: np.ndarray) -> None:
        kept = [
            predictor.decoder.keeps(source != "error", highest)
            for source, highest in zip(
                objects["source"], objects["max_prob"], strict=True
            )
        ]
        counts = cleaned | np.array(kept, bool)
        left_out[UNSUPPORTED] += int((~counts).sum())
        chosen, of_cleaning = clean_objects(
            objects[counts], settings, pixel, cleaned[counts]
        )
        left_out.update(of_cleaning)
        merged.add(chosen)

    held: list[Sheet] = []
    for index, (grid, paths) in enumerate(zip(grids, results, strict=True)):
        objects = _read_objects(paths[2])
        if held:
            refuse_another_system(objects.crs, held[0].objects.crs)
        near = near_another(objects, index, sheets)
        held.append(Sheet(objects[near], *grid))
        through = objects[~near].reset_index(drop=True)
        add(through, ~through["cut"].to_numpy(bool))
    objects = merge_sheets(held)
    # As it was in the sheets: what reached no edge there was cleaned there.
    cleaned = ~objects["cut"].to_numpy(bool)
    if mosaic is not None:
        objects["cut"] = _reach_the_end(objects, mosaic)
    add(objects, cleaned)
    return left_out


def _read_objects(polygons: Path) -> geopandas.GeoDataFrame:
    try:
        return geopandas.read_file(polygons, layer=LAYER)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        ValueError,
    ) as error:
        raise UserError(f"{polygons}: can't be read ({one_line(error)})") from None


def _read_grid(classes: Path) -> tuple[rasterio.Affine, int, int]:
    """Transform, height and width of a sheet."""
    with open_scene(classes) as raster:
        return raster.transform, raster.height, raster.width


def _reach_the_end(objects: geopandas.GeoDataFrame, mosaic: Path) -> np.ndarray:
    """Which objects lie beside no-data or the edge of all sheets, (N,) bool.

    Only those that were cut in their sheets can.
    """
    reaching = np.zeros(len(objects), bool)
    cut = np.flatnonzero(objects["cut"])
    if len(cut) == 0:
        return reaching
    tree = shapely.STRtree(objects.geometry.to_numpy()[cut])
    try:
        with rasterio.open(mosaic) as raster:
            whole = Window(0, 0, raster.width, raster.height)
            for window in subdivide(whole, _BLOCK, _BLOCK):
                points = _beside_nothing(raster, window)
                _, found = tree.query(points, predicate="intersects")
                reaching[cut[found]] = True
    except RasterioError as error:
        raise UserError(f"{mosaic}: can't be read ({one_line(error)})") from None
    return reaching


def _beside_nothing(raster: rasterio.DatasetReader, window: Window) -> np.ndarray:
    """Centres of pixels of objects that lie beside no-data or outside, as points."""
    top, left = window.row_off, window.col_off
    bottom, right = top + window.height, left + window.width
    inside = Window(
        max(left - 1, 0),
        max(top - 1, 0),
        min(right + 1, raster.width) - max(left - 1, 0),
        min(bottom + 1, raster.height) - max(top - 1, 0),
    )
    codes = np.full((bottom - top + 2, right - left + 2), NODATA, np.uint8)
    row, column = inside.row_off - top + 1, inside.col_off - left + 1
    codes[row : row + inside.height, column : column + inside.width] = raster.read(
        1, window=inside
    )
    core = codes[1:-1, 1:-1]
    objects = (core != NONE) & (core != NODATA)
    rows, columns = np.nonzero(beside(codes == NODATA) & objects)
    xs, ys = rasterio.transform.xy(raster.transform, rows + top, columns + left)
    return shapely.points(np.asarray(xs), np.asarray(ys))
