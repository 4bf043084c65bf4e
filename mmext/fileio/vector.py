"""Reading a layer of a vector file that may be anything."""

import os

import geopandas
import numpy as np
import pyogrio
import shapely

from mmext.errors import UserError, one_line
from mmext.location import Address, Location, gdal_name, locate

from .remote import exists, refuse_unreachable

# What pyogrio, GEOS and pandas raise on damaged files and wrong requests.
_DAMAGE = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.FeatureError,
    shapely.errors.ShapelyError,
    ValueError,
    OverflowError,
    RuntimeError,
)

#: No coordinate system of the Earth has numbers as large; GEOS overflows beyond.
_FARTHEST = 1e12
#: Features whose corners are compared with it at once.
_CHUNK = 100_000


def read_vector(
    path: str | os.PathLike[str] | Address,
    layer: str | None = None,
    where: str | None = None,
) -> geopandas.GeoDataFrame:
    """Read a layer with its geometries.

    Args:
        path: Any vector file that GDAL reads, on this machine or elsewhere.
        layer: The layer; may be None where only one has geometries.
        where: Attribute filter in SQL.

    Raises:
        UserError: The file is missing or damaged, has no such layer, several layers
            and none is named, no geometries, or a corner that is no place; or the
            filter can't be read.
    """
    path = locate(path)
    if not exists(path):
        raise UserError(f"{path}: no such file")
    try:
        if layer is None:
            layer = _only_layer(path)
        table = geopandas.read_file(gdal_name(path), layer=layer, where=where)
    except _DAMAGE as error:
        refuse_unreachable(path)
        raise UserError(
            f"{path}: can't be read as polygons ({one_line(error)})"
        ) from None
    if not isinstance(table, geopandas.GeoDataFrame):
        raise UserError(f"{path}: holds no geometries, expected a layer with some")
    _refuse_astray(table, path)
    return table


def _refuse_astray(table: geopandas.GeoDataFrame, path: Location) -> None:
    for start in range(0, len(table), _CHUNK):
        shapes = table.geometry.values[start : start + _CHUNK]
        corners, owner = shapely.get_coordinates(shapes, return_index=True)
        near = (np.abs(corners) < _FARTHEST).all(axis=1)
        if not near.all():
            first = int(np.argmin(near))
            x, y = corners[first]
            raise UserError(
                f"{path}: feature {start + owner[first]} (counted from 0) has a corner "
                f"at {x:g}, {y:g}, expected a place on the Earth"
            )


def _only_layer(path: Location) -> str | None:
    with_shapes = [
        str(name)
        for name, kind in pyogrio.list_layers(gdal_name(path))
        if kind is not None
    ]
    if len(with_shapes) > 1:
        raise UserError(
            f"{path}: has the layers {', '.join(with_shapes)}, expected one or a name"
        )
    return with_shapes[0] if with_shapes else None
