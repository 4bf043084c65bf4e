"""How large a pixel is on the ground."""

import numpy as np
import pyproj
import rasterio


def ground_pixel_size(
    crs: rasterio.CRS, transform: rasterio.Affine, height: int, width: int
) -> float:
    """Side of a pixel in metres, at the scene's centre.

    Measured on the ellipsoid, so that degrees become metres and web Mercator's
    stretching, 1 / cos(latitude), is taken back.

    Args:
        crs: The scene's CRS.
        transform: Pixel to CRS coordinates.
        height: Rows of the scene.
        width: Columns of the scene.

    Returns:
        The geometric mean of the pixel's height and width on the ground.
    """
    to_degrees = pyproj.Transformer.from_crs(crs, crs_of_degrees(crs), always_xy=True)
    row, column = height / 2, width / 2
    corners = [(column, row), (column + 1, row), (column, row + 1)]
    xs, ys = zip(*(transform * corner for corner in corners), strict=True)
    longitudes, latitudes = to_degrees.transform(xs, ys)
    _, _, lengths = pyproj.Geod(ellps="WGS84").inv(
        [longitudes[0]] * 2, [latitudes[0]] * 2, longitudes[1:], latitudes[1:]
    )
    return float(np.sqrt(np.prod(lengths)))


def crs_of_degrees(crs: rasterio.CRS) -> pyproj.CRS:
    """The geographic CRS under a projected one, or itself."""
    return pyproj.CRS.from_user_input(crs).geodetic_crs or pyproj.CRS.from_epsg(4326)
