"""How large a pixel is on the ground."""

import numpy as np
import pyproj
import rasterio

from mmext.errors import UserError

#: Pixels whose sides differ by less are square.
_SQUARE = 1.05


def ground_pixel_size(
    crs: rasterio.CRS, transform: rasterio.Affine, height: int, width: int
) -> float:
    """Side of a pixel in metres, at the scene's centre.

    Returns:
        The geometric mean of :func:`ground_pixel_sides`.
    """
    return float(np.sqrt(np.prod(ground_pixel_sides(crs, transform, height, width))))


def ground_pixel_sides(
    crs: rasterio.CRS, transform: rasterio.Affine, height: int, width: int
) -> tuple[float, float]:
    """Width and height of a pixel in metres, at the scene's centre.

    Measured on the ellipsoid, so that degrees become metres and web Mercator's
    stretching, 1 / cos(latitude), is taken back.

    Args:
        crs: The scene's CRS.
        transform: Pixel to CRS coordinates.
        height: Rows of the scene.
        width: Columns of the scene.

    Raises:
        UserError: The scene does not lie on the earth by its CRS and transform.
    """
    row, column = height / 2, width / 2
    corners = [(column, row), (column + 1, row), (column, row + 1)]
    xs, ys = zip(*(transform * corner for corner in corners), strict=True)
    try:
        to_degrees = pyproj.Transformer.from_crs(
            crs, crs_of_degrees(crs), always_xy=True
        )
        longitudes, latitudes = to_degrees.transform(xs, ys, errcheck=True)
        _, _, lengths = pyproj.Geod(ellps="WGS84").inv(
            [longitudes[0]] * 2, [latitudes[0]] * 2, longitudes[1:], latitudes[1:]
        )
    except (pyproj.exceptions.ProjError, ValueError) as error:
        raise UserError(
            f"the scene's centre, {xs[0]:g} {ys[0]:g}, has no place on the earth by "
            f"its coordinate system ({error})"
        ) from None
    if not (np.isfinite(lengths).all() and min(lengths) > 0):
        raise UserError(
            f"the scene's centre, {xs[0]:g} {ys[0]:g}, has no place on the earth by "
            "its coordinate system"
        )
    return float(lengths[0]), float(lengths[1])


def oblong_note(sides: tuple[float, float]) -> str | None:
    """What to say of pixels that aren't square; None of others.

    Args:
        sides: Width and height in metres.
    """
    if max(sides) / min(sides) < _SQUARE:
        return None
    return f"pixels aren't square, {sides[0]:.3g} m wide and {sides[1]:.3g} m high"


def crs_of_degrees(crs: rasterio.CRS) -> pyproj.CRS:
    """The geographic CRS under a projected one, or itself."""
    return pyproj.CRS.from_user_input(crs).geodetic_crs or pyproj.CRS.from_epsg(4326)
