"""A map of polygons against the truth."""

import geopandas
import pandas as pd
import shapely

from mmext.evaluation.confusion import Confusion
from mmext.fileio.vector import read_vector
from mmext.location import Location
from mmext.prepare.labels import VectorLabels
from mmext.raster.ground_area import ground_area

from .area import SMALL_PIXELS, cut_to, in_crs
from .result import MapEvaluation, compare_objects


def evaluate_polygons(
    path: Location,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    min_cover: float,
) -> MapEvaluation:
    """Compare a map of polygons with the true objects.

    Args:
        path: The polygons, which may be none.
        truth: The true objects.
        area: Polygons of what to evaluate, in any CRS; None means wherever the truth
            reaches.
        min_cover: Share in (0, 1].

    Raises:
        UserError: The map can't be read.
    """
    whole, attributes = _read_map(path)
    mapped = cut_to(area, whole)
    objects = cut_to(area, in_crs(truth.polygons, mapped.crs))
    channels = {}
    said = attributes.loc[mapped.index]
    if "source" in said:
        of = said["source"]
        channels = {
            name: mapped[of.isin([name, "both"])] for name in ("target", "error")
        }
    total = 0
    if area is not None:
        total = _small_pixels(in_crs(area, mapped.crs).union_all(), mapped.crs)
    # A polygon of both channels doesn't say which of its pixels are whose.
    pixels = {
        "union": _confusion(mapped.union_all(), objects.union_all(), mapped.crs, total)
    }
    return compare_objects(
        pixels, mapped, channels, objects, min_cover, len(truth.polygons), said
    )


def _read_map(path: Location) -> tuple[geopandas.GeoSeries, pd.DataFrame]:
    """A map's polygons, and what it says of them."""
    table = read_vector(path)
    if len(table) == 0 and table.crs is not None:
        # Nothing was found, which is a map, too.
        return table.geometry, pd.DataFrame(table.drop(columns=table.geometry.name))
    labels = VectorLabels(path)
    return labels.polygons, labels.attributes


def _confusion(
    mapped: shapely.Geometry, truth: shapely.Geometry, crs: object, total: int
) -> Confusion:
    tp, found, true = (
        _small_pixels(shape, crs)
        for shape in (mapped.intersection(truth), mapped, truth)
    )
    negative = total - (found + true - tp) if total else 0
    return Confusion(tp=tp, fp=found - tp, fn=true - tp, tn=negative)


def _small_pixels(shape: shapely.Geometry, crs: object) -> int:
    series = geopandas.GeoSeries([shape], crs=crs)
    return round(float(ground_area(series)[0]) * SMALL_PIXELS)
