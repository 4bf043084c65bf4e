"""What a page must know of a raster that it reads by itself."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader

from mmext.errors import UserError
from mmext.raster.display import stretch_limits
from mmext.raster.pixel_size import ground_pixel_size
from mmext.raster.scene_reader import open_scene

#: What the page's reader can unpack. (JPEG 2000, JPEG XL and CCITT it can't.)
_COMPRESSIONS = {"", "deflate", "lzw", "packbits", "jpeg", "zstd", "lerc"}
#: Without overviews all of a raster is fetched to be seen whole.
_SMALL = 2048
#: The side of the picture that says how far values go.
_LOOK = 1024


@dataclass(frozen=True)
class Place:
    """Where a sheet lies.

    Attributes:
        bounds: Left, bottom, right, top, in units of its CRS.
        pixel: Width of a pixel, in the same units.
        crs: Its CRS, None where it has none.
        metres_per_unit: Of the CRS, at the sheet's centre; None without a CRS.
        rows: Of a sheet that has no place on the Earth the number of its rows, which
            the page counts upwards from the last one; otherwise None.
    """

    bounds: tuple[float, float, float, float]
    pixel: float
    crs: rasterio.CRS | None
    metres_per_unit: float | None
    rows: int | None = None


def read_place(path: Path) -> Place:
    """Where a raster lies.

    Raises:
        UserError: It can't be read, or it is turned or upside down.
    """
    with open_scene(path) as raster:
        step = raster.transform
        if step.b or step.d or step.a < 0 or (step.e > 0 and not step.is_identity):
            raise UserError(
                f"{path}: is turned or mirrored, which a page can't show; QGIS can, "
                "and gdalwarp straightens it"
            )
        metres = None
        if raster.crs is not None and not step.is_identity:
            side = ground_pixel_size(raster.crs, step, *raster.shape)
            metres = side / abs(step.determinant) ** 0.5
        if step.is_identity:
            whole = (0.0, 0.0, float(raster.width), float(raster.height))
            return Place(whole, 1.0, None, None, raster.height)
        return Place(tuple(raster.bounds), step.a, raster.crs, metres)


@dataclass(frozen=True)
class ImageView:
    """How imagery is shown.

    Attributes:
        bands: Counted from 1: red, green and blue, or one as grey; an alpha band last.
        low: Black, by band of the file; None for bands that aren't shown.
        high: White, likewise.
        nodata: By band of the file, as text, so that it may be NaN; None where there
            is none.
    """

    bands: list[int]
    low: list[float | None]
    high: list[float | None]
    nodata: list[str | None]


def image_view(raster: DatasetReader) -> ImageView:
    """Choose bands and how they are stretched.

    Bytes are shown as they are; other types from the 2nd to the 98th percentile of
    the valid pixels, each band by itself.
    """
    bands = shown_bands(raster)
    low = np.zeros(len(bands))
    high = np.full(len(bands), 255.0)
    if any(raster.dtypes[band - 1] != "uint8" for band in bands):
        pixels, valid = look_at(raster, bands, _LOOK)
        low, high = stretch_limits(pixels[:, valid].T)
    lows: list[float | None] = [None] * raster.count
    highs: list[float | None] = [None] * raster.count
    for band, black, white in zip(bands, low.tolist(), high.tolist(), strict=True):
        lows[band - 1], highs[band - 1] = black, white
    alpha = alpha_band(raster)
    if alpha:
        bands = [*bands, alpha]
        dtype = np.dtype(raster.dtypes[alpha - 1])
        lows[alpha - 1] = 0.0
        highs[alpha - 1] = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
    return ImageView(bands, lows, highs, nodata_values(raster))


def nodata_values(raster: DatasetReader) -> list[str | None]:
    """What is no-data, by band, as text."""
    return [None if value is None else repr(value) for value in raster.nodatavals]


def shown_bands(raster: DatasetReader) -> list[int]:
    """Red, green and blue as the file flags them, else the first three, or one."""
    kinds = raster.colorinterp
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in kinds for colour in colours):
        return [kinds.index(colour) + 1 for colour in colours]
    bands = [n for n, kind in enumerate(kinds, 1) if kind is not ColorInterp.alpha]
    return bands[:3] if len(bands) >= 3 else bands[:1] or [1]


def alpha_band(raster: DatasetReader) -> int | None:
    """The band that says what is transparent, counted from 1."""
    kinds = raster.colorinterp
    return kinds.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in kinds else None


def look_at(
    raster: DatasetReader, bands: list[int], side: int
) -> tuple[np.ndarray, np.ndarray]:
    """A raster made small.

    Args:
        raster: Open.
        bands: Counted from 1.
        side: The most pixels along either side.

    Returns:
        (C, h, w) in the raster's dtype, and (h, w) bool, where it is valid.
    """
    factor = max(1.0, max(raster.shape) / side)
    shape = tuple(max(1, round(n / factor)) for n in raster.shape)
    pixels = raster.read(bands, out_shape=(len(bands), *shape))
    valid = raster.dataset_mask(out_shape=shape) != 0
    return pixels, valid & np.isfinite(pixels).all(axis=0)


def why_not_as_it_is(raster: DatasetReader) -> str | None:
    """Why a page can't read a raster by itself, None where it can."""
    profile = raster.profile
    flags = raster.mask_flag_enums[0]
    compression = (profile.get("compress") or "").lower()
    kinds = raster.colorinterp
    if raster.driver != "GTiff":
        return f"it is {raster.driver}"
    if len(raster.files) > 1 and any(
        name.endswith((".ovr", ".msk")) for name in raster.files
    ):
        return "its overviews or mask lie in a file of their own"
    if not profile.get("tiled") and max(raster.shape) > _SMALL:
        return "it has no tiles"
    if max(raster.shape) > _SMALL and not raster.overviews(1):
        return "it has no overviews"
    if compression not in _COMPRESSIONS:
        return f"it is compressed by {compression}"
    if ColorInterp.palette in kinds:
        return "it has a colour table"
    if ColorInterp.alpha in kinds and MaskFlags.nodata in flags:
        return "it has no-data and an alpha band"
    if any(np.dtype(dtype).kind not in "uif" for dtype in raster.dtypes):
        return f"its pixels are {raster.dtypes[0]}"
    if any(np.dtype(dtype).itemsize > 4 for dtype in raster.dtypes):
        return f"its pixels are {raster.dtypes[0]}"
    return None
