"""How large polygons are on the ground."""

import geopandas
import numpy as np
import pyproj
import shapely

from .pixel_size import crs_of_degrees


def ground_area(polygons: geopandas.GeoSeries) -> np.ndarray:
    """Area of each polygon in m², on the ellipsoid.

    Planar areas are wrong in degrees and in web Mercator, and off by the square of
    the scale factor in every projection that is not equal-area.

    Args:
        polygons: Polygons and multipolygons with a CRS; rings may run either way.

    Returns:
        (N,) float64.
    """
    degrees = polygons.to_crs(crs_of_degrees(polygons.crs)).to_numpy()
    parts, of_polygon = shapely.get_parts(degrees, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    sizes = _ring_areas(rings)
    # A part's first ring is its shell, the others are holes.
    shell = np.diff(of_part, prepend=-1) > 0
    areas = np.zeros(len(degrees))
    np.add.at(areas, of_polygon[of_part], np.where(shell, sizes, -sizes))
    return areas


def _ring_areas(rings: np.ndarray) -> np.ndarray:
    """(N,) float64, not negative.

    pyproj's own sum over a polygon adds a hole that runs as its shell does, and takes
    parts that run against each other from each other.
    """
    geod = pyproj.Geod(ellps="WGS84")
    longitudes, latitudes = shapely.get_coordinates(rings).T
    lengths = shapely.get_num_coordinates(rings)
    ends = np.cumsum(lengths)
    return np.array(
        [
            abs(geod.polygon_area_perimeter(longitudes[a:b], latitudes[a:b])[0])
            for a, b in zip(ends - lengths, ends, strict=True)
        ]
    )
