"""A stratified random sample of a map, for an annotator to check."""

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from rasterio.io import DatasetReader

from mmext.errors import UserError
from mmext.evaluation.stratified_area import allocate
from mmext.fileio import atomic_path
from mmext.location import Location
from mmext.mapping.map_evaluation.class_raster import read_codes
from mmext.raster.scene_reader import open_scene

from .strata import Strata, count_strata

#: Layer of the points, and the column that the annotator fills in.
LAYER, REFERENCE = "points", "reference"
#: Key of the layer's metadata that says what the map held.
DRAWN_OF = "map_classes"
SAMPLE, ALLOCATION = "sample.gpkg", "allocation.csv"


def draw_points(path: Location, number: int, out: Path, seed: int = 0) -> pd.DataFrame:
    """Draw points within the classes of a map and write them to be checked.

    ``sample.gpkg`` has the layer ``points`` in random order, with ``point`` from 1 and
    an empty ``reference``; it doesn't say what the map says there, so that nobody is
    led. ``allocation.csv`` has what was drawn of each class.

    Each point is the centre of a pixel. Pixels are drawn in proportion to their area
    on the ground, with replacement.

    Args:
        path: A map of classes.
        number: Points in all, two for each class at least.
        out: Folder.
        seed: Source of randomness.

    Returns:
        The allocation: ``class``, ``pixels``, ``area_m2``, ``points``.

    Raises:
        UserError: The map is no use, ``number`` too small, or a sample lies there.
    """
    sample = out / SAMPLE
    if sample.exists():
        raise UserError(
            f"{sample}: exists and may have been checked already, expected another "
            "--out"
        )
    with open_scene(path) as raster:
        strata = count_strata(raster)
        if number < 2 * len(strata.codes):
            raise UserError(
                f"--draw: is {number}, expected at least {2 * len(strata.codes)}, two "
                f"for each of {', '.join(strata.titles)}"
            )
        areas = strata.areas.sum(axis=1)
        points = allocate(areas, number)
        rng = np.random.default_rng(seed)
        places = _places(raster, strata, points, rng)
        crs = raster.crs
    places = places[rng.permutation(len(places))]
    table = geopandas.GeoDataFrame(
        {
            "point": np.arange(1, len(places) + 1),
            REFERENCE: pd.array([None] * len(places), dtype="Int32"),
        },
        geometry=shapely.points(places),
        crs=crs,
    )
    allocation = pd.DataFrame(
        {
            "class": strata.titles,
            "pixels": strata.pixels.sum(axis=1),
            "area_m2": areas.round(1),
            "points": points,
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    with atomic_path(out / ALLOCATION) as temporary:
        allocation.to_csv(temporary, index=False)
    with atomic_path(sample) as temporary:
        pyogrio.write_dataframe(
            table,
            temporary,
            layer=LAYER,
            driver="GPKG",
            layer_metadata={DRAWN_OF: strata.describe()},
        )
    return allocation


def _places(
    raster: DatasetReader, strata: Strata, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(N, 2) x and y of the pixels that were drawn, class by class."""
    # Block first, by area; then a pixel of the class in it, by its rank.
    drawn = []
    for stratum, number in enumerate(points.tolist()):
        share = strata.areas[stratum] / strata.areas[stratum].sum()
        of_block = rng.choice(len(share), number, p=share)
        ranks = rng.integers(strata.pixels[stratum, of_block])
        drawn.append(np.column_stack([np.full(number, stratum), of_block, ranks]))
    wanted = np.concatenate(drawn)
    places = np.empty((len(wanted), 2))
    for block in np.unique(wanted[:, 1]).tolist():
        window = strata.windows[block]
        codes = read_codes(raster, window)
        for stratum in np.unique(wanted[wanted[:, 1] == block, 0]).tolist():
            here = (wanted[:, 1] == block) & (wanted[:, 0] == stratum)
            pixels = np.flatnonzero(codes == strata.codes[stratum])[wanted[here, 2]]
            rows, columns = np.unravel_index(pixels, codes.shape)
            xs, ys = rasterio.transform.xy(
                raster.transform, rows + window.row_off, columns + window.col_off
            )
            places[here] = np.column_stack([xs, ys])
    return places
