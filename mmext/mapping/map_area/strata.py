"""The classes of a map as strata to draw points from."""

from dataclasses import dataclass

import geopandas
import numpy as np
from rasterio.io import DatasetReader
from rasterio.windows import Window
from tqdm import tqdm

from mmext.errors import UserError
from mmext.inference.class_codes import NAMES, NODATA, NONE
from mmext.mapping.map_evaluation.area import blocks
from mmext.mapping.map_evaluation.class_raster import read_codes
from mmext.raster.ground_area import ground_area
from mmext.raster.outlines import window_outline

#: What the strata are called.
TITLES = {NONE: "not mapped", **NAMES}


@dataclass(frozen=True)
class Strata:
    """How much there is of each class of a map, block by block.

    Attributes:
        codes: (H,) class codes that the map holds, in ascending order.
        windows: B blocks that cover the map.
        pixels: (H, B) int64.
        areas: (H, B) float64, m² on the ellipsoid.
    """

    codes: np.ndarray
    windows: list[Window]
    pixels: np.ndarray
    areas: np.ndarray

    @property
    def titles(self) -> list[str]:
        """What each is called."""
        return [title_of(code) for code in self.codes.tolist()]

    @property
    def mapped(self) -> list[int]:
        """Which strata the map calls target."""
        return np.flatnonzero(self.codes != NONE).tolist()

    def describe(self) -> str:
        """Pixels by code, which a sample of them keeps."""
        counts = self.pixels.sum(axis=1).tolist()
        return " ".join(
            f"{code}:{number}"
            for code, number in zip(self.codes.tolist(), counts, strict=True)
        )


def title_of(code: int) -> str:
    """What a class is called."""
    return TITLES.get(code, "grown")


def count_strata(raster: DatasetReader) -> Strata:
    """Count a map's classes, in the memory of a block.

    Args:
        raster: A map of classes.

    Raises:
        UserError: It has no CRS, holds what is no class, or nothing but no-data.
    """
    if raster.crs is None:
        raise UserError(f"{raster.name}: has no coordinate system, expected one")
    windows = blocks(raster)
    counts = np.zeros((NODATA + 1, len(windows)), np.int64)
    for index, window in enumerate(tqdm(windows, desc="Classes", unit="window")):
        codes = read_codes(raster, window)
        counts[:, index] = np.bincount(codes.ravel(), minlength=NODATA + 1)
    counts = counts[:NODATA]
    found = np.flatnonzero(counts.sum(axis=1))
    if not len(found):
        raise UserError(f"{raster.name}: has no valid pixel, expected a map")
    outlines = [window_outline(window, raster.transform) for window in windows]
    # Pixels of a block are alike: in degrees, too, they differ by a percent at most.
    of_blocks = ground_area(geopandas.GeoSeries(outlines, crs=raster.crs))
    sizes = np.array([window.width * window.height for window in windows])
    pixels = counts[found]
    return Strata(found, windows, pixels, pixels * (of_blocks / sizes))
