"""One map of many sheets."""

import contextlib
import math
from collections.abc import Iterator, Sequence
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
from mmext.inference.prediction_settings import PredictionSettings, VectorFormat
from mmext.inference.predictor import Predictor
from mmext.location import Location
from mmext.raster.grid import Grid, has_place, read_grid
from mmext.raster.gti import write_tile_index
from mmext.raster.outlines import window_outline
from mmext.raster.vrt import write_vrt
from mmext.raster.writing import CantWriteError

from .geoparquet import save_as_geoparquet
from .merge import Merging
from .object_table import (
    UNSUPPORTED,
    LeftOut,
    beside,
    clean_objects,
    describe_left_out,
    judged,
)
from .polygon_file import LAYER, PolygonFile
from .predict_scene import result_paths

#: The name of what is over all sheets.
MERGED = "map"
#: What :func:`put_together` may write.
_NAMES = [
    f"{MERGED}{end}"
    for end in (
        ".gpkg",
        ".fgb",
        ".parquet",
        "_class.vrt",
        "_class.gti.gpkg",
        "_probability.vrt",
        "_probability.gti.gpkg",
    )
]
#: From so many sheets a tile index is written, too: a VRT is read whole, whatever part
#: of it is shown.
_MANY = 1000
#: Objects, and sheets, that are read before they are looked at.
_ROWS, _SHEETS = 2000, 200
_BLOCK = 4096
#: Probabilities, classes and polygons of a sheet.
Results = tuple[Path, Path, Path]


def put_together(
    scenes: Sequence[Location],
    out: Path,
    predictor: Predictor,
    settings: PredictionSettings,
    file_format: VectorFormat = "gpkg",
) -> list[str]:
    """Write ``map_class.vrt``, ``map_probability.vrt`` and ``map.gpkg``.

    Over many sheets also ``map_class.gti.gpkg`` and ``map_probability.gti.gpkg``.
    Plain images, of which nothing says where they lie, are left out.

    Args:
        scenes: Mapped scenes.
        out: Where their results lie.
        predictor: Decides which objects count.
        settings: How they were mapped.
        file_format: What ``map.gpkg`` is instead.

    Returns:
        A line for what could not be put together.

    Raises:
        CantWriteError: The disk says no.
    """
    if not scenes:
        return []
    path = out / f"{MERGED}.{file_format}"
    written: list[Path] = []
    problems: list[str] = []
    # By itself GDAL looks through the folder for each file that it opens there.
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
        try:
            results, grids = _placed([result_paths(scene, out) for scene in scenes])
            if grids:
                mosaic = _write_mosaics(results, grids, out, written, problems)
                with _polygon_file(path) as merged:
                    left_out = _merge(
                        results, grids, merged, mosaic, predictor, settings
                    )
                written.append(path)
                print(
                    f"{path}: {merged.number} objects over {len(grids)} sheets"
                    f"{describe_left_out(left_out)}"
                )
        except CantWriteError:
            raise
        except UserError as error:
            problems.append(str(error))
    for name in _NAMES:
        # One of an earlier call would show other sheets.
        if out / name not in written:
            (out / name).unlink(missing_ok=True)
    return problems


def _placed(results: Sequence[Results]) -> tuple[list[Results], list[Grid]]:
    """Those of sheets that lie somewhere, and their grids."""
    found = [(of, read_grid(of[1])) for of in results]
    placed = [(of, grid) for of, grid in found if has_place(grid)]
    if len(placed) < len(found):
        print(
            f"{len(found) - len(placed)} of {len(found)} sheets have no place on the "
            "Earth and aren't put together; each has its own map"
        )
    return [of for of, _ in placed], [grid for _, grid in placed]


@contextlib.contextmanager
def _polygon_file(path: Path) -> Iterator[PolygonFile]:
    """A file that fills in the block; there when it has ended."""
    with atomic_path(path) as temporary:
        gathered = temporary.with_suffix(".gpkg")
        try:
            file = PolygonFile(gathered)
            yield file
            if path.suffix == ".gpkg":
                file.finish()
            elif path.suffix == ".parquet":
                if not save_as_geoparquet(gathered, LAYER, temporary):
                    print(
                        f"{path}: has no coordinate system; readers that don't look "
                        "at that take it for longitudes and latitudes"
                    )
            else:
                file.save_as_flatgeobuf(temporary)
        finally:
            if gathered != temporary:
                gathered.unlink(missing_ok=True)


def _write_mosaics(
    results: Sequence[Results],
    grids: Sequence[Grid],
    out: Path,
    written: list[Path],
    problems: list[str],
) -> Path | None:
    """Make one raster of all, if they are parts of one; that of classes is returned.

    Args:
        results: Files of each sheet.
        grids: Of each sheet.
        out: Where the rasters go.
        written: Gets their paths.
        problems: Gets a line for each that can't be made.
    """
    mosaic: Path | None = None
    for kind, index in (("probability", 0), ("class", 1)):
        rasters = [paths[index] for paths in results]
        mosaic = out / f"{MERGED}_{kind}.vrt"
        try:
            write_vrt(rasters, mosaic, grids)
        except CantWriteError:
            raise
        except UserError as error:
            problems.append(str(error))
            mosaic = None
            continue
        written.append(mosaic)
        if len(rasters) >= _MANY:
            mosaic = mosaic.with_suffix(".gti.gpkg")
            write_tile_index(rasters, mosaic, grids)
            written.append(mosaic)
    return mosaic


def _merge(
    results: Sequence[Results],
    grids: Sequence[Grid],
    merged: PolygonFile,
    mosaic: Path | None,
    predictor: Predictor,
    settings: PredictionSettings,
) -> LeftOut:
    """Fill the merged file; how many objects were left out, and why."""
    pixel = abs(grids[0].transform.a)
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

    merging = Merging(grids)
    to_come = len(grids)
    with contextlib.ExitStack() as stack:
        raster = stack.enter_context(rasterio.open(mosaic)) if mosaic else None
        for sheets, objects, of in _read_objects(results, merging.order):
            through = merging.add(sheets, objects, of)
            add(through, ~through["cut"].to_numpy(bool))
            to_come -= len(sheets)
            if to_come and not merging.is_due:
                continue
            whole = judged(merging.take(), predictor.correctness)
            # As it was in the sheets: what reached no edge there was cleaned there.
            cleaned = ~whole["cut"].to_numpy(bool)
            if raster is not None:
                whole["cut"] = _reach_the_end(whole, raster)
            add(whole, cleaned)
    return left_out


def _read_objects(
    results: Sequence[Results], order: Sequence[int]
) -> Iterator[tuple[list[int], geopandas.GeoDataFrame, np.ndarray]]:
    """Objects of all sheets, of many small ones at once.

    Args:
        results: Files of each sheet.
        order: The order in which sheets are read.

    Yields:
        Numbers of some sheets, their N objects, and of each object its sheet's number.
    """
    sheets: list[int] = []
    parts: list[dict[str, np.ndarray]] = []
    system: str | None = None
    rows = 0
    for sheet in order:
        crs, columns = _read_columns(results[sheet][2])
        if sheets and crs != system:
            yield sheets, *_stacked(sheets, parts, system)
            sheets, parts, rows = [], [], 0
        system = crs
        sheets.append(sheet)
        parts.append(columns)
        rows += len(columns["geometry"])
        if rows >= _ROWS or len(sheets) >= _SHEETS:
            yield sheets, *_stacked(sheets, parts, system)
            sheets, parts, rows = [], [], 0
    if sheets:
        yield sheets, *_stacked(sheets, parts, system)


def _stacked(
    sheets: list[int], parts: list[dict[str, np.ndarray]], crs: str | None
) -> tuple[geopandas.GeoDataFrame, np.ndarray]:
    numbers = [len(part["geometry"]) for part in parts]
    # What is empty doesn't know its columns' types.
    filled = [part for part in parts if len(part["geometry"])] or parts[:1]
    columns = {
        name: np.concatenate([part[name] for part in filled]) for name in filled[0]
    }
    objects = geopandas.GeoDataFrame(columns, geometry="geometry", crs=crs)
    return objects, np.repeat(sheets, numbers)


def _read_columns(polygons: Path) -> tuple[str | None, dict[str, np.ndarray]]:
    """CRS, and by name the columns and geometries, of a sheet's objects.

    Not as a GeoDataFrame: to make one takes longer than to read a small sheet.
    """
    try:
        meta, _, shapes, fields = pyogrio.raw.read(polygons, layer=LAYER)
        columns = dict(zip(meta["fields"].tolist(), fields, strict=True))
        return meta["crs"], columns | {"geometry": shapely.from_wkb(shapes)}
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.ShapelyError,
        ValueError,
    ) as error:
        raise UserError(f"{polygons}: can't be read ({one_line(error)})") from None


def _reach_the_end(
    objects: geopandas.GeoDataFrame, mosaic: rasterio.DatasetReader
) -> np.ndarray:
    """Which objects lie beside no-data or the edge of all sheets, (N,) bool.

    Only those that were cut in their sheets can.
    """
    reaching = np.zeros(len(objects), bool)
    cut = np.flatnonzero(objects["cut"])
    if len(cut) == 0:
        return reaching
    shapes = objects.geometry.to_numpy()[cut]
    tree = shapely.STRtree(shapes)
    try:
        for window in subdivide(_around(shapes, mosaic), _BLOCK, _BLOCK):
            here = window_outline(window, mosaic.transform)
            if len(tree.query(here)) == 0:
                continue
            points = _beside_nothing(mosaic, window)
            _, found = tree.query(points, predicate="intersects")
            reaching[cut[found]] = True
    except RasterioError as error:
        raise UserError(f"{mosaic.name}: can't be read ({one_line(error)})") from None
    return reaching


def _around(shapes: np.ndarray, raster: rasterio.DatasetReader) -> Window:
    """The window of a raster, north up, in which shapes lie."""
    left, bottom, right, top = shapely.total_bounds(shapes)
    first, last = (
        ~raster.transform * corner for corner in ((left, top), (right, bottom))
    )
    column, row = (max(0, math.floor(value - 1)) for value in first)
    end, last_row = (math.ceil(value + 1) for value in last)
    width, height = min(end, raster.width) - column, min(last_row, raster.height) - row
    return Window(column, row, width, height)


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
