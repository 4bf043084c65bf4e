"""Polygons that keep what polygon libraries expect of them."""

import geopandas
import shapely


def valid_polygons(geometries: geopandas.GeoSeries) -> geopandas.GeoSeries:
    """Make polygons valid and drop what collapses to lines or points.

    A line left over from a repaired outline would be burnt into a mask as target.

    Args:
        geometries: Polygons and multipolygons, valid or not.

    Returns:
        Those with an area, under their old index.
    """
    repaired = geometries.make_valid()
    mixed = repaired.geom_type == "GeometryCollection"
    if mixed.any():
        repaired[mixed] = repaired[mixed].apply(_polygons_of)
    return repaired[shapely.area(repaired.values) > 0]


def _polygons_of(collection: shapely.GeometryCollection) -> shapely.Geometry:
    return shapely.union_all([part for part in collection.geoms if part.area > 0])
