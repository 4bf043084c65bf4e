"""One virtual raster over the maps of many sheets."""

import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 - writes, never reads

import rasterio
from rasterio.enums import ColorInterp

from mmext.errors import UserError
from mmext.fileio import atomic_path

_TYPES = {"uint8": "Byte", "float32": "Float32"}
#: Sheets may lie off a common grid by this share of a pixel.
_GRID_TOLERANCE = 1e-3


def write_vrt(rasters: Sequence[Path], path: Path) -> None:
    """Write a GDAL VRT over rasters of one CRS, pixel size and set of bands.

    rasterio reads VRTs but cannot build them. Sources are named relative to the VRT,
    so the folder can be moved; no-data of one sheet lets another show through.

    Args:
        rasters: At least one, north up.
        path: The ``.vrt``.

    Raises:
        UserError: The rasters don't fit together.
    """
    with rasterio.open(rasters[0]) as first:
        reference = first.profile | {"descriptions": first.descriptions}
        interpretation = first.colorinterp
        colours = None
        if interpretation[0] is ColorInterp.palette:
            colours = first.colormap(1)
    pixel = reference["transform"].a
    places = []
    for raster in rasters:
        with rasterio.open(raster) as sheet:
            same = sheet.crs == reference["crs"] and sheet.count == reference["count"]
            if not same or abs(sheet.transform.a / pixel - 1) > _GRID_TOLERANCE:
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
        rasterXSize=str(round((right - left) / pixel)),
        rasterYSize=str(round((top - bottom) / pixel)),
    )
    if reference["crs"] is not None:
        _text(root, "SRS", reference["crs"].to_wkt())
    _text(root, "GeoTransform", f"{left!r}, {pixel!r}, 0, {top!r}, 0, {-pixel!r}")
    for band in range(1, reference["count"] + 1):
        element = ElementTree.SubElement(
            root,
            "VRTRasterBand",
            dataType=_TYPES[reference["dtype"]],
            band=str(band),
        )
        _text(element, "Description", reference["descriptions"][band - 1] or "")
        _text(element, "NoDataValue", f"{reference['nodata']:g}")
        if colours:
            _text(element, "ColorInterp", "Palette")
            table = ElementTree.SubElement(element, "ColorTable")
            for code in range(256):
                values = colours.get(code, (0, 0, 0, 255))
                channels = {f"c{i}": str(v) for i, v in enumerate(values, start=1)}
                ElementTree.SubElement(table, "Entry", channels)
        for raster, bounds, width, height in places:
            source = ElementTree.SubElement(element, "ComplexSource")
            name = _text(
                source,
                "SourceFilename",
                os.path.relpath(raster.resolve(), path.resolve().parent),
            )
            name.set("relativeToVRT", "1")
            _text(source, "SourceBand", str(band))
            size = dict(xSize=str(width), ySize=str(height))
            ElementTree.SubElement(source, "SrcRect", dict(xOff="0", yOff="0", **size))
            offsets = dict(
                xOff=repr((bounds.left - left) / pixel),
                yOff=repr((top - bounds.top) / pixel),
            )
            ElementTree.SubElement(source, "DstRect", dict(**offsets, **size))
            _text(source, "NODATA", f"{reference['nodata']:g}")
    with atomic_path(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="unicode")


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element
