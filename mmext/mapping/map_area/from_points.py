"""The area of a map's target from points that somebody has checked."""

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from rasterio.io import DatasetReader

from mmext.checked import shortened
from mmext.errors import UserError
from mmext.evaluation.stratified_area import Estimate, StratifiedSample
from mmext.fileio.vector import read_vector
from mmext.location import Location
from mmext.raster.scene_reader import open_scene

from .drawing import DRAWN_OF, REFERENCE
from .result import AreaResult
from .strata import Strata, count_strata

#: Points of a stratum that contradict it (or don't) below which a normal interval may
#: be too narrow.
_FEW = 10
#: Of n points of which none contradicts, up to this over n may, at 95 %.
_RULE_OF_THREE = 3


def estimate_from_points(path: Location, points_path: Path) -> AreaResult:
    """Estimate the area of the target, with omission and commission.

    The map's classes are the strata. Points must have been drawn at random within each
    of them (:func:`.drawing.draw_points` does).

    Args:
        path: The map of classes that the points were drawn of.
        points_path: Points with a column ``reference``: 1 target, 0 not.

    Raises:
        UserError: A file can't be read, the points are of another map, a point lies
            outside it or has no reference, or a class has fewer than two.
    """
    table = _read_points(points_path)
    with open_scene(path) as raster:
        strata = count_strata(raster)
        _refuse_another_map(points_path, path, strata)
        stratum = _strata_of(raster, strata, table, points_path)
    reference = table[REFERENCE].to_numpy(np.int64)
    counts = np.zeros((len(strata.codes), 2), np.int64)
    np.add.at(counts, (stratum, reference), 1)
    for title, number in zip(strata.titles, counts.sum(axis=1), strict=True):
        if number < 2:
            raise UserError(
                f"{points_path}: has {number} points of the class '{title}' of {path}, "
                "expected two at least"
            )
    sample = StratifiedSample(strata.areas.sum(axis=1), counts)
    mapped = strata.mapped
    return AreaResult(
        kind="design-based",
        mapped_area=float(sample.areas[mapped].sum()),
        area=sample.area(1),
        accuracies=_accuracies(sample, mapped),
        matrix=pd.DataFrame(
            {
                "class": strata.titles,
                "area_m2": sample.areas.round(1),
                "points": counts.sum(axis=1),
                "not_target": counts[:, 0],
                "target": counts[:, 1],
            }
        ),
        notes=_notes(sample, strata),
    )


def _accuracies(sample: StratifiedSample, mapped: list[int]) -> dict[str, Estimate]:
    classes = [int(stratum in mapped) for stratum in range(len(sample.areas))]
    found = {"overall_accuracy": sample.overall_accuracy(classes)}
    if mapped:
        found["users_accuracy"] = sample.users_accuracy(mapped, 1)
    found["producers_accuracy"] = sample.producers_accuracy(mapped, 1)
    return found


def _notes(sample: StratifiedSample, strata: Strata) -> list[str]:
    notes = []
    for stratum, title in enumerate(strata.titles):
        points, rarer = sample.counts[stratum].sum(), sample.counts[stratum].min()
        if rarer >= _FEW:
            continue
        note = (
            f"{title}: {rarer} of {points} points say otherwise than the rest, fewer "
            f"than {_FEW}; the interval may be too narrow"
        )
        if not rarer:
            most = sample.areas[stratum] * min(1, _RULE_OF_THREE / points)
            note += f", since up to {most:,.0f} m² of it may (3 / {points}, at 95 %)"
        notes.append(note)
    return notes


def _read_points(path: Path) -> geopandas.GeoDataFrame:
    table = read_vector(path)
    if REFERENCE not in table:
        raise UserError(
            f"{path}: has no column '{REFERENCE}', expected one with 1 for target and 0"
        )
    if len(table) == 0:
        raise UserError(f"{path}: holds no point")
    if table.crs is None:
        raise UserError(f"{path}: has no coordinate system, expected one")
    shapes = table.geometry
    if (
        not (shapes.geom_type == "Point").all()
        or shapes.is_empty.any()
        or shapes.isna().any()
    ):
        raise UserError(f"{path}: holds other shapes than points")
    values = table[REFERENCE]
    empty = int(values.isna().sum())
    if empty:
        raise UserError(
            f"{path}: {empty} of {len(table)} points have no {REFERENCE}; what is left "
            "out would bias the area, expected 1 or 0 for each"
        )
    known = is_numeric_dtype(values) or is_bool_dtype(values)
    strange = values[~values.isin([0, 1])] if known else values
    if len(strange):
        raise UserError(
            f"{path}: {REFERENCE} is {shortened(strange.tolist()[0])}, expected 1 for "
            "target or 0"
        )
    return table


def _refuse_another_map(points_path: Path, path: Location, strata: Strata) -> None:
    layer = next(
        str(name) for name, kind in pyogrio.list_layers(points_path) if kind is not None
    )
    metadata = pyogrio.read_info(points_path, layer).get("layer_metadata") or {}
    drawn_of = metadata.get(DRAWN_OF)
    if drawn_of is None:
        print(
            f"{points_path}: doesn't say how it was drawn; taken for points drawn at "
            f"random within each class of {path}"
        )
    elif drawn_of != strata.describe():
        raise UserError(
            f"{points_path}: was drawn of a map with the pixels {drawn_of} by class, "
            f"{path} has {strata.describe()}; expected the map it was drawn of"
        )


def _strata_of(
    raster: DatasetReader,
    strata: Strata,
    table: geopandas.GeoDataFrame,
    points_path: Path,
) -> np.ndarray:
    """(N,) the stratum of each point."""
    places = shapely.get_coordinates(table.to_crs(raster.crs).geometry.to_numpy())
    columns, rows = ~raster.transform * (places[:, 0], places[:, 1])
    outside = (columns < 0) | (rows < 0)
    outside |= (columns >= raster.width) | (rows >= raster.height)
    codes = np.array([value[0] for value in raster.sample(places)], np.int64)
    lost = np.flatnonzero(outside | ~np.isin(codes, strata.codes))
    if len(lost):
        raise UserError(
            f"{points_path}: {len(lost)} points lie outside {raster.name} or in "
            f"no-data (the first is row {lost[0] + 1}), expected none"
        )
    return np.searchsorted(strata.codes, codes)
