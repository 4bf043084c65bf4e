"""Outlines as a page draws them: GeoJSON in the sheet's own coordinates."""

from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import rasterio.warp
import shapely
from rasterio.errors import CRSError

from mmext.errors import UserError, one_line

from .raster_view import Place

#: Outlines that are drawn at once; more are a colour, not outlines.
MOST_FEATURES = 5000

Bounds = tuple[float, float, float, float]


def read_features(
    path: Path, layer: str, place: Place, bounds: Bounds
) -> geopandas.GeoDataFrame | None:
    """The features of a layer that meet a part of a sheet.

    Args:
        path: A vector file.
        layer: Its layer.
        place: The sheet.
        bounds: The part, in the sheet's coordinates.

    Returns:
        By their number in the file, in the sheet's coordinates; None if there are more
        than :data:`MOST_FEATURES`.

    Raises:
        UserError: The layer can't be read, or not be brought to the sheet's CRS.
    """
    try:
        crs = pyogrio.read_info(path, layer)["crs"]
        if place.rows is not None:
            box = None  # the file's rows don't run as the page's do
        elif crs is None or place.crs is None:
            box = bounds
        else:
            box = rasterio.warp.transform_bounds(place.crs, crs, *bounds)
        table = pyogrio.read_dataframe(
            path,
            layer=layer,
            bbox=box,
            max_features=None if box is None else MOST_FEATURES + 1,
            fid_as_index=True,
            on_invalid="ignore",
        )
        table = on_sheet(table, place)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.GeometryError,
        CRSError,
        ValueError,
    ) as error:
        raise UserError(f"{path}: can't be read ({one_line(error)})") from None
    if box is None:
        table = table[table.intersects(shapely.box(*bounds))]
    return table if len(table) <= MOST_FEATURES else None


def on_sheet(table: geopandas.GeoDataFrame, place: Place) -> geopandas.GeoDataFrame:
    """A table in a sheet's coordinates; what says no CRS is taken to be in them."""
    if place.rows is not None:
        rows = place.rows
        # Maps count rows from 0, tile stores from 0 downwards.
        return table.set_geometry(
            shapely.transform(
                table.geometry.to_numpy(),
                lambda xy: np.column_stack([xy[:, 0], rows - np.abs(xy[:, 1])]),
            ),
            crs=None,
        )
    if table.crs is None or place.crs is None:
        return table
    return table.to_crs(place.crs)


def as_geojson(table: geopandas.GeoDataFrame) -> str:
    """A table as GeoJSON text, each feature with its number in the file as ``id``."""
    # A CRS would be told to the page, which knows none but the sheet's.
    return table.set_crs(None, allow_override=True).to_json(to_wgs84=False)
