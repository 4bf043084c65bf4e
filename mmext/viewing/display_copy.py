"""A copy of imagery that a page can read, where it can't read the file itself."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from mmext.fileio import atomic_path
from mmext.raster.display import stretch_limits

from .raster_view import look_at, shown_bands

#: The most pixels along a side of a copy: whatever the scene, it takes seconds and
#: megabytes.
MOST_PIXELS = 4096
_RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)


def write_display_copy(raster: DatasetReader, path: Path) -> float:
    """Write a raster as red, green, blue and alpha in bytes, a COG.

    Args:
        raster: Open; a colour table is expanded already.
        path: The copy.

    Returns:
        How many of the raster's pixels lie along one of the copy's.
    """
    bands = shown_bands(raster)
    pixels, valid = look_at(raster, bands, MOST_PIXELS)
    if pixels.dtype != np.uint8:
        low, high = stretch_limits(pixels[:, valid].T)
        wide = (low[:, None, None], high[:, None, None])
        shown = (pixels - wide[0]) / (wide[1] - wide[0])
        # What isn't valid may be no number; it is transparent.
        pixels = np.round(np.nan_to_num(shown).clip(0, 1) * 255).astype(np.uint8)
    alpha = valid[None] * np.uint8(255)
    picture = np.concatenate([*[pixels] * (3 // len(bands)), alpha])
    height, width = valid.shape
    place = raster.transform
    if place.is_identity:
        # Rows counted upwards, as the page does; downwards it takes for a turn.
        place = rasterio.Affine(1, 0, 0, 0, -1, raster.height)
    scale = rasterio.Affine.scale(raster.width / width, raster.height / height)
    with (
        atomic_path(path) as temporary,
        rasterio.open(
            temporary,
            "w",
            driver="COG",
            width=width,
            height=height,
            count=4,
            dtype="uint8",
            crs=raster.crs,
            transform=place * scale,
            compress="deflate",
            level=1,
        ) as copy,
    ):
        copy.colorinterp = _RGBA
        copy.write(picture)
    return raster.width / width
