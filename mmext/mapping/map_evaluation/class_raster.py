"""A raster of classes against the truth."""

import tempfile
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from rasterio.features import geometry_mask
from rasterio.io import DatasetReader
from rasterio.windows import Window
from rasterio.windows import transform as window_transform
from shapely.geometry import box
from tqdm import tqdm

from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.inference.class_codes import BOTH, ERROR, GROWN, NODATA, NONE, TARGET
from mmext.location import Location
from mmext.pixel_values import IGNORE
from mmext.prepare.labels import VectorLabels
from mmext.raster.scene_reader import open_scene

from .area import blocks, cut_to, in_crs, mask_profile, polygons_of_band, with_area
from .result import MapEvaluation, compare_objects

_CHANNEL_CODES = {
    "target": (TARGET, BOTH),
    "error": (ERROR, BOTH),
    "union": (TARGET, ERROR, BOTH, GROWN),
}
_CODES = (NONE, TARGET, ERROR, BOTH, GROWN, NODATA)


#: The channels of a map of classes.
CHANNELS = tuple(_CHANNEL_CODES)


class NothingValidError(UserError):
    """No valid pixel is left to evaluate."""


def evaluate_raster(
    path: Location,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    min_cover: float,
    bar: bool = True,
) -> MapEvaluation:
    """Compare a class raster with the true objects, inside its valid pixels.

    Args:
        path: The raster.
        truth: The true objects.
        area: Polygons of what to evaluate, in any CRS; None means all.
        min_cover: Share in (0, 1].
        bar: Whether to show how far it is.

    Raises:
        NothingValidError: No valid pixel is left.
        UserError: The raster can't be read, is none of classes or has no CRS.
    """
    with open_scene(path) as raster, tempfile.TemporaryDirectory() as folder:
        if raster.crs is None:
            raise UserError(f"{path}: has no coordinate system, expected one")
        area = None if area is None else in_crs(area, raster.crs)
        layers = Path(folder) / "layers.tif"
        pixels = _count_pixels(raster, truth, area, layers, bar)
        mapped, excluded, *parts = (
            polygons_of_band(layers, band) for band in (1, 2, 3, 4)
        )
        extent = geopandas.GeoSeries([box(*raster.bounds)], crs=raster.crs)
        objects = cut_to(extent, truth.near(raster))
    if len(excluded):
        objects = with_area(objects.difference(excluded.union_all()))
    channels = dict(zip(("target", "error"), parts, strict=True))
    return compare_objects(
        pixels, mapped, channels, objects, min_cover, len(truth.polygons)
    )


def read_codes(raster: DatasetReader, window: Window) -> np.ndarray:
    """(h, w) uint8, the classes of a part of a map.

    Raises:
        UserError: They are none.
    """
    codes = raster.read(1, window=window)
    strange = np.setdiff1d(codes, _CODES)
    if strange.size:
        raise UserError(
            f"{raster.name}: holds the value {strange[0]}, expected classes 0, 1, 2, "
            "3, 4 and 255"
        )
    return codes.astype(np.uint8, copy=False)


def _count_pixels(
    raster: DatasetReader,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    layers: Path,
    bar: bool,
) -> dict[str, Confusion]:
    """Count window by window; leave rasters of what is what in ``layers``.

    Its bands are the union, what is excluded, and the channels target and error.
    """
    pixels = dict.fromkeys(_CHANNEL_CODES, Confusion())
    with (
        truth.open(raster) as labels,
        rasterio.open(layers, "w", **mask_profile(raster, bands=4)) as written,
    ):
        windows = tqdm(blocks(raster), desc="Pixels", unit="window", disable=not bar)
        for window in windows:
            codes = read_codes(raster, window)
            target = labels.read(window)
            target[codes == NODATA] = IGNORE
            if area is not None:
                outside = geometry_mask(
                    area,
                    out_shape=codes.shape,
                    transform=window_transform(window, raster.transform),
                )
                target[outside] = IGNORE
            masks = {k: np.isin(codes, wanted) for k, wanted in _CHANNEL_CODES.items()}
            for channel, mask in masks.items():
                pixels[channel] += confusion(mask, target)
            excluded = target == IGNORE
            union, first, second = (
                masks[name] & ~excluded for name in ("union", "target", "error")
            )
            bands = np.stack([union, excluded, first, second])
            written.write(bands.astype(np.uint8), window=window)
    if not any(vars(pixels["union"]).values()):
        raise NothingValidError(
            f"{raster.name}: no valid pixel in the area to evaluate"
        )
    return pixels
