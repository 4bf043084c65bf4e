"""How large polygons are on the ground."""

import geopandas
import numpy as np
import pyproj

from mmext.geo.pixel_size import crs_of_degrees


def ground_area(polygons: geopandas.GeoSeries) -> np.ndarray:
    """Area of each polygon in m², on the ellipsoid.

    Planar areas are wrong in degrees and in web Mercator, and off by the square of
    the scale factor in every projection that is not equal-area.

    Args:
        polygons: With a CRS.
    """
    degrees = polygons.to_crs(crs_of_degrees(polygons.crs))
    geod = pyproj.Geod(ellps="WGS84")
    return np.array(
        [abs(geod.geometry_area_perimeter(polygon)[0]) for polygon in degrees]
    )
