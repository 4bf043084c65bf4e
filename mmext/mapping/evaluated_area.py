"""Where a map is compared with the truth."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from rasterio.features import shapes
from rasterio.io import DatasetReader
from rasterio.windows import Window
from shapely.geometry import shape

from mmext.errors import UserError
from mmext.prepare.labels import VectorLabels
from mmext.raster.scene_reader import SceneReader, open_image

from .class_codes import NODATA

VECTOR_SUFFIXES = {".gpkg", ".geojson", ".json", ".shp", ".fgb"}
_BLOCK = 2048


def read_area(path: Path) -> geopandas.GeoSeries:
    """The polygons of a file, or the outline of a raster's valid pixels.

    Pixels are valid as a scene's are when it is mapped (no-data values, masks, alpha
    bands); in a raster of one uint8 band without no-data, 255 is invalid, as in a map
    of classes.

    Args:
        path: Polygons, or any raster.

    Raises:
        UserError: The file can't be read, has no CRS, or holds nothing valid.
    """
    if path.suffix.lower() in VECTOR_SUFFIXES:
        return VectorLabels(path).polygons
    with open_image(path) as raster, tempfile.TemporaryDirectory() as folder:
        if raster.crs is None:
            raise UserError(f"{path}: has no coordinate system, expected one")
        reader = SceneReader(raster, path)
        mask = Path(folder) / "valid.tif"
        _write_mask(reader, mask)
        area = polygons_of_band(mask, 1)
    if len(area) == 0:
        raise UserError(f"{path}: has no valid pixel, expected an area")
    return area


def _write_mask(reader: SceneReader, path: Path) -> None:
    raster = reader.raster
    of_classes = reader.is_silent and raster.dtypes == ("uint8",)
    profile = mask_profile(raster, bands=1)
    with rasterio.open(path, "w", **profile) as written:
        for window in blocks(raster):
            pixels, valid = reader.read(window)
            if of_classes:
                valid &= pixels[0] != NODATA
            written.write(valid.astype(np.uint8)[None], window=window)


def mask_profile(raster: DatasetReader, bands: int) -> dict[str, object]:
    """How masks on a raster's grid are written while they are needed."""
    return dict(
        driver="GTiff",
        dtype="uint8",
        count=bands,
        width=raster.width,
        height=raster.height,
        crs=raster.crs,
        transform=raster.transform,
        tiled=True,
        compress="deflate",
        bigtiff="if_safer",
    )


def blocks(raster: DatasetReader) -> Iterator[Window]:
    """Windows that cover a raster."""
    for row in range(0, raster.height, _BLOCK):
        for column in range(0, raster.width, _BLOCK):
            yield Window(
                column,
                row,
                min(_BLOCK, raster.width - column),
                min(_BLOCK, raster.height - row),
            )


def polygons_of_band(path: Path, band: int) -> geopandas.GeoSeries:
    """Outlines of a mask's 4-connected parts, as the polygons of a map are."""
    with rasterio.open(path) as raster:
        source = rasterio.band(raster, band)
        # Given bands instead of arrays, GDAL streams through the file.
        found = shapes(source, mask=source, connectivity=4, transform=raster.transform)
        return geopandas.GeoSeries(
            [shape(geometry) for geometry, _ in found], crs=raster.crs
        )
