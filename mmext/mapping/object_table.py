"""The objects of a scene as a table."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely

from mmext.errors import UserError
from mmext.inference.class_codes import BOTH, ERROR, NAMES, NODATA, NONE, TARGET
from mmext.inference.correctness import Correctness
from mmext.inference.prediction_settings import PredictionSettings
from mmext.raster.ground_area import ground_area
from mmext.raster.strip_polygons import StripObject

from .polygon_file import LAYER

#: What is gathered over an object, see :class:`StripPolygonizer`.
STATISTICS = {
    "total": ("probability", "sum"),
    "highest": ("probability", "max"),
    "target": ("target", "max"),
    "error": ("error", "max"),
    "cut": ("cut", "max"),
}
#: Why objects that were found are not in the result.
SMALL = "smaller than --min-area"
UNASKED = "for which --where does not hold"
UNSUPPORTED = "that nothing supports (decoder touching or hysteresis)"
#: How many, by one of the reasons above.
LeftOut = Counter[str]

#: How likely an object is correct, in maps of models that know.
CORRECT = "correct_prob"
_COLUMNS = ("area_m2", "mean_prob", "max_prob", "source", "cut", "scene", "model")


def object_layers(
    codes: np.ndarray, probability: np.ndarray, above: np.ndarray, last: bool
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What the polygonizer needs of a strip: the objects, and layers on them.

    Args:
        codes: (h, W) class codes.
        probability: (h, W) float, of the highest channel.
        above: (W,) class codes of the row above; no-data above the first.
        last: Whether the strip is the scene's last.
    """
    outside = np.pad(codes == NODATA, 1, constant_values=True)
    outside[0, 1:-1] = above == NODATA
    outside[-1] = last
    layers = {
        "cut": beside(outside),
        "probability": probability,
        "target": (codes == TARGET) | (codes == BOTH),
        "error": (codes == ERROR) | (codes == BOTH),
    }
    return (codes != NONE) & (codes != NODATA), layers


def beside(mask: np.ndarray) -> np.ndarray:
    """Where a pixel shares an edge with one of a mask.

    Args:
        mask: (h + 2, w + 2) bool, a row and a column more on each side.

    Returns:
        (h, w) bool.
    """
    vertical = mask[:-2, 1:-1] | mask[2:, 1:-1]
    return vertical | mask[1:-1, :-2] | mask[1:-1, 2:]


def object_table(
    objects: Sequence[StripObject],
    crs: rasterio.CRS | None,
    settings: PredictionSettings,
    pixel: float,
    scene: str,
    model: str,
    correctness: Correctness | None = None,
) -> tuple[geopandas.GeoDataFrame, LeftOut]:
    """Objects as rows, cleaned as the settings say; and what was left out.

    Args:
        objects: The objects of a scene, with :data:`STATISTICS`.
        crs: The scene's CRS; without one areas are in pixels.
        settings: Holes, simplification, smallest area.
        pixel: Side of a pixel in CRS units.
        scene: Its name.
        model: The model's name and hash.
        correctness: How likely an object is correct; None adds no such column.
    """
    values = [item.values for item in objects]
    shapes = geopandas.GeoSeries([item.geometry for item in objects], crs=crs)
    table = geopandas.GeoDataFrame(
        {
            "area_m2": _areas(shapes),
            "mean_prob": [
                round(item.values["total"] / item.pixels, 4) for item in objects
            ],
            "max_prob": [round(of["highest"], 4) for of in values],
            "source": [
                NAMES[TARGET * int(of["target"]) + ERROR * int(of["error"])]
                for of in values
            ],
            "cut": np.array([bool(of["cut"]) for of in values], bool),
            "scene": scene,
            "model": model,
        },
        columns=list(_COLUMNS),
        geometry=shapes,
        crs=crs,
    )
    table = judged(table, correctness)
    if settings.spare_cut:
        return clean_objects(table, settings, pixel, table["cut"].to_numpy())
    return clean_objects(table, settings, pixel, np.zeros(len(table), bool))


def judged(
    table: geopandas.GeoDataFrame, correctness: Correctness | None
) -> geopandas.GeoDataFrame:
    """Objects with how likely each one is correct, by what their columns say.

    Of objects that have such a column, those that were cut, and may have been joined,
    are judged anew; the others may have been cleaned since.

    Args:
        table: Objects, as of :func:`object_table`.
        correctness: The model; None leaves the table as it is.
    """
    if correctness is None:
        return table
    columns = {name: table[name].to_numpy(float) for name in _COLUMNS[:3]}
    columns["error_only"] = table["source"].to_numpy() == NAMES[ERROR]
    value = correctness.probability(columns).round(4)
    if CORRECT in table:
        return table.assign(**{CORRECT: np.where(table["cut"], value, table[CORRECT])})
    table = table.copy()
    table.insert(table.columns.get_loc("source"), CORRECT, value)
    return table


def clean_objects(
    table: geopandas.GeoDataFrame,
    settings: PredictionSettings,
    pixel: float,
    spared: np.ndarray,
) -> tuple[geopandas.GeoDataFrame, LeftOut]:
    """Fill, simplify and select objects; count what is left out.

    Args:
        table: Objects, as of :func:`object_table`.
        settings: Holes, simplification, smallest area and condition.
        pixel: Side of a pixel in CRS units.
        spared: (N,) bool, rows that stay as they are.
    """
    kept, table = table[spared], table[~spared].copy()
    if settings.fill_holes:
        table.geometry = table.geometry.apply(_without_holes)
    if settings.simplify:
        table.geometry = table.geometry.simplify(settings.simplify * pixel)
    if settings.fill_holes or settings.simplify:
        table["area_m2"] = _areas(table.geometry)
    large = table[table["area_m2"] >= settings.min_area].reset_index(drop=True)
    chosen = _select(large, settings.where)
    left_out = LeftOut(
        {SMALL: len(table) - len(large), UNASKED: len(large) - len(chosen)}
    )
    parts = [part for part in (chosen, kept) if len(part)]
    return (pd.concat(parts, ignore_index=True) if parts else chosen), left_out


def describe_left_out(left_out: LeftOut) -> str:
    """What was left out, as the end of a line; empty where nothing was."""
    parts = [f"{number} {reason}" for reason, number in left_out.items() if number]
    return f"; left out {', '.join(parts)}" if parts else ""


def check_condition(where: str | None, judges: bool) -> None:
    """Refuse a condition that GDAL can't read.

    Args:
        where: The condition.
        judges: Whether there will be a column that says how likely an object is
            correct.

    Raises:
        UserError: It is none on an object's columns.
    """
    if where is None:
        return
    # Of every source: GDAL reads some mistakes only where they are come to.
    row = dict.fromkeys(_COLUMNS, "") | dict.fromkeys(_COLUMNS[:3], 1.0)
    row |= {CORRECT: 1.0} if judges else {}
    rows = [
        row | {"source": source, "cut": cut}
        for source in NAMES.values()
        for cut in (False, True)
    ]
    shapes = [shapely.box(0, 0, 1, 1)] * len(rows)
    _select(geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326"), where)


def _areas(shapes: geopandas.GeoSeries) -> np.ndarray:
    area = shapes.area.to_numpy() if shapes.crs is None else ground_area(shapes)
    return area.round(2)


def _select(table: geopandas.GeoDataFrame, where: str | None) -> geopandas.GeoDataFrame:
    """Rows for which an SQL condition holds, by GDAL's own reading of it."""
    if where is None or len(table) == 0:
        return table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fields.gpkg"
        table.to_file(path, layer=LAYER)
        try:
            return geopandas.read_file(path, layer=LAYER, where=where)
        except (ValueError, pyogrio.errors.FeatureError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"--where {where!r}: {reason}") from None


def _without_holes(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
