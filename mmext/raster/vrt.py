"""One virtual raster over the maps of many sheets."""

import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # writes, never reads

import numpy as np
from rasterio.enums import ColorInterp

from mmext.errors import UserError
from mmext.fileio import atomic_path

from .scene_reader import open_scene
from .vrt_elements import DATA_TYPES, text_element

#: Pixels of sheets may differ in size by this share.
_SIZE_TOLERANCE = 1e-3
#: Sheets that lie off the common grid by less than this share of a pixel are moved
#: onto it: no pixel is then read beside the one that is meant.
_GRID_TOLERANCE = 0.1


def write_vrt(rasters: Sequence[Path], path: Path) -> None:
    """Write a GDAL VRT over rasters of one CRS, pixel size and set of bands.

    rasterio reads VRTs but cannot build them. Sources are named relative to the VRT,
    so the folder can be moved; no-data of one sheet lets another show through. The
    grid is the first raster's; sheets off it show the nearest pixel.

    Args:
        rasters: At least one.
        path: The ``.vrt``.

    Raises:
        UserError: The rasters can't be read or don't fit together.
    """
    with open_scene(rasters[0]) as first:
        reference = first.profile | {"descriptions": first.descriptions}
        interpretation = first.colorinterp
        colours = None
        if interpretation[0] is ColorInterp.palette:
            colours = first.colormap(1)
    grid = reference["transform"]
    wide, high = grid.a, -grid.e
    places = []
    for raster in rasters:
        with open_scene(raster) as sheet:
            same = sheet.crs == reference["crs"] and sheet.count == reference["count"]
            place = sheet.transform
            if place.b or place.d or place.a <= 0 or place.e >= 0:
                raise UserError(f"{raster}: isn't north up, a VRT expects sheets to be")
            sizes = np.array([place.a / wide, -place.e / high])
            if not same or np.abs(sizes - 1).max() > _SIZE_TOLERANCE:
                raise UserError(
                    f"{raster}: other CRS, bands or pixel size than {rasters[0]}, one "
                    "VRT expects the same"
                )
            places.append((raster, sheet.bounds, sheet.width, sheet.height))
    left = min(bounds.left for _, bounds, _, _ in places)
    top = max(bounds.top for _, bounds, _, _ in places)
    right = max(bounds.right for _, bounds, _, _ in places)
    bottom = min(bounds.bottom for _, bounds, _, _ in places)
    root = ElementTree.Element(
        "VRTDataset",
        rasterXSize=str(round((right - left) / wide)),
        rasterYSize=str(round((top - bottom) / high)),
    )
    if reference["crs"] is not None:
        text_element(root, "SRS", reference["crs"].to_wkt())
    text_element(root, "GeoTransform", f"{left!r}, {wide!r}, 0, {top!r}, 0, {-high!r}")
    for band in range(1, reference["count"] + 1):
        element = ElementTree.SubElement(
            root,
            "VRTRasterBand",
            dataType=DATA_TYPES[reference["dtype"]],
            band=str(band),
        )
        text_element(element, "Description", reference["descriptions"][band - 1] or "")
        text_element(element, "NoDataValue", f"{reference['nodata']:g}")
        if colours:
            text_element(element, "ColorInterp", "Palette")
            table = ElementTree.SubElement(element, "ColorTable")
            for code in range(256):
                values = colours.get(code, (0, 0, 0, 255))
                channels = {f"c{i}": str(v) for i, v in enumerate(values, start=1)}
                ElementTree.SubElement(table, "Entry", channels)
        for raster, bounds, width, height in places:
            source = ElementTree.SubElement(element, "ComplexSource")
            name = text_element(
                source,
                "SourceFilename",
                os.path.relpath(raster.resolve(), path.resolve().parent),
            )
            name.set("relativeToVRT", "1")
            text_element(source, "SourceBand", str(band))
            size = dict(xSize=str(width), ySize=str(height))
            ElementTree.SubElement(source, "SrcRect", dict(xOff="0", yOff="0", **size))
            there = dict(
                xOff=(bounds.left - left) / wide,
                yOff=(top - bounds.top) / high,
                xSize=(bounds.right - bounds.left) / wide,
                ySize=(bounds.top - bounds.bottom) / high,
            )
            on_grid = {name: _on_grid(value) for name, value in there.items()}
            ElementTree.SubElement(source, "DstRect", on_grid)
            text_element(source, "NODATA", f"{reference['nodata']:g}")
    with atomic_path(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="unicode")


def _on_grid(pixels: float) -> str:
    whole = round(pixels)
    return str(whole) if abs(pixels - whole) < _GRID_TOLERANCE else repr(pixels)
