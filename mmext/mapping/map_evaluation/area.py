"""Where a map is compared with the truth."""

import tempfile
from pathlib import Path

import geopandas
import numpy as np
import rasterio
import shapely
from rasterio.features import shapes
from rasterio.io import DatasetReader
from rasterio.windows import Window, subdivide
from shapely.geometry import shape

from mmext.errors import UserError
from mmext.inference.class_codes import NODATA
from mmext.location import Location
from mmext.prepare.labels import VectorLabels
from mmext.raster.ground_area import ground_area
from mmext.raster.outlines import CONNECTIVITY
from mmext.raster.scene_reader import SceneReader, open_image
from mmext.raster.valid_polygons import valid_polygons

VECTOR_SUFFIXES = {".gpkg", ".geojson", ".json", ".shp", ".fgb"}
#: Areas are counted in pixels of 0.1 m: so many make a m², and less than one is none.
SMALL_PIXELS = 100
_BLOCK = 2048


def read_area(path: Location) -> geopandas.GeoSeries:
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


def blocks(raster: DatasetReader) -> list[Window]:
    """Windows that cover a raster."""
    whole = Window(0, 0, raster.width, raster.height)
    return subdivide(whole, _BLOCK, _BLOCK)


def polygons_of_band(path: Path, band: int) -> geopandas.GeoSeries:
    """Outlines of a mask's connected parts, as the polygons of a map are."""
    with rasterio.open(path) as raster:
        source = rasterio.band(raster, band)
        # Given bands instead of arrays, GDAL streams through the file.
        found = shapes(
            source, mask=source, connectivity=CONNECTIVITY, transform=raster.transform
        )
        return geopandas.GeoSeries(
            [shape(geometry) for geometry, _ in found], crs=raster.crs
        )


def in_crs(polygons: geopandas.GeoSeries, crs: object) -> geopandas.GeoSeries:
    """Polygons in another system, still valid."""
    # What was valid may cross itself where corners come close in another system.
    return valid_polygons(polygons.to_crs(crs))


def cut_to(
    area: geopandas.GeoSeries | None, polygons: geopandas.GeoSeries
) -> geopandas.GeoSeries:
    """What of polygons lies in an area (in any CRS); None means all of them."""
    if area is None:
        return polygons
    inside = in_crs(area, polygons.crs).union_all()
    return with_area(polygons.intersection(inside))


def with_area(polygons: geopandas.GeoSeries) -> geopandas.GeoSeries:
    """Without what a cut only grazed, as of objects that end where the area does."""
    polygons = polygons[shapely.area(polygons.values) > 0]
    return polygons[ground_area(polygons) >= 1 / SMALL_PIXELS]
