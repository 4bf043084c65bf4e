"""A raster with its bands told otherwise: a colour table expanded, a flag taken off."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree  # nosec B405 # writes, never reads

import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

from mmext.fileio.remote import opening
from mmext.location import is_elsewhere, locate

from .vrt_elements import DATA_TYPES, text_element

_CHANNELS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
_OPAQUE = 255


@dataclass(frozen=True)
class ViewBand:
    """A band of a view.

    Attributes:
        source: The raster's band that it shows, counted from 1.
        dtype: Its data type: uint8, uint16 or float32.
        kind: What it is flagged as.
        component: Which entry of the colour table it shows: 1 red, 2 green, 3 blue,
            4 alpha; None shows the band's own values.
    """

    source: int
    dtype: str
    kind: ColorInterp
    component: int | None = None


def expanded_bands(raster: DatasetReader) -> list[ViewBand] | None:
    """Red, green and blue of a raster with a colour table; None where there is none.

    Alpha is the fourth if a colour of the table is transparent.
    """
    if raster.count != 1 or raster.colorinterp[0] is not ColorInterp.palette:
        return None
    transparent = any(colour[3] != _OPAQUE for colour in raster.colormap(1).values())
    channels = _CHANNELS if transparent else _CHANNELS[:3]
    return [ViewBand(1, "uint8", kind, i) for i, kind in enumerate(channels, start=1)]


def unmasking_bands(raster: DatasetReader, indexes: Sequence[int]) -> list[ViewBand]:
    """All bands of a raster; of those that are read, none is flagged alpha."""
    return [
        ViewBand(index, dtype, ColorInterp.undefined if index in indexes else kind)
        for index, dtype, kind in zip(
            raster.indexes, raster.dtypes, raster.colorinterp, strict=True
        )
    ]


def open_view(raster: DatasetReader, bands: Sequence[ViewBand]) -> DatasetReader:
    """Open a virtual raster that shows another one's bands.

    No-data values stay; so does what else masks the raster, but for an alpha band.

    Args:
        raster: Open, and staying so. Its bands have the data types of ``ViewBand``.
        bands: What the view shows.
    """
    root = ElementTree.Element(
        "VRTDataset", rasterXSize=str(raster.width), rasterYSize=str(raster.height)
    )
    if raster.crs is not None:
        text_element(root, "SRS", raster.crs.to_wkt())
    if not raster.transform.is_identity:
        text_element(
            root, "GeoTransform", ", ".join(map(repr, raster.transform.to_gdal()))
        )
    for number, band in enumerate(bands, start=1):
        element = ElementTree.SubElement(
            root, "VRTRasterBand", dataType=DATA_TYPES[band.dtype], band=str(number)
        )
        text_element(element, "Description", raster.descriptions[band.source - 1] or "")
        text_element(element, "ColorInterp", band.kind.name.capitalize())
        nodata = raster.nodatavals[band.source - 1]
        if nodata is not None and band.component is None:
            text_element(element, "NoDataValue", repr(nodata))
        source = _source(element, raster, str(band.source))
        if band.component is not None:
            text_element(source, "ColorTableComponent", str(band.component))
    flags = raster.mask_flag_enums[0]
    expanded = bands[0].component is not None
    if (MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags) or (
        expanded and MaskFlags.nodata in flags
    ):
        mask = ElementTree.SubElement(root, "MaskBand")
        band_element = ElementTree.SubElement(mask, "VRTRasterBand", dataType="Byte")
        _source(band_element, raster, "mask,1")
    place = locate(raster.name)
    with opening(place):
        view = rasterio.open(ElementTree.tostring(root, encoding="unicode"))
        if is_elsewhere(place):
            # GDAL opens it again, by its name, when it is first read.
            view.read(1, window=Window(0, 0, 1, 1))
    return view


def _source(
    band: ElementTree.Element, raster: DatasetReader, number: str
) -> ElementTree.Element:
    source = ElementTree.SubElement(band, "ComplexSource")
    text_element(source, "SourceFilename", raster.name).set("relativeToVRT", "0")
    text_element(source, "SourceBand", number)
    size = dict(xSize=str(raster.width), ySize=str(raster.height))
    for name in ("SrcRect", "DstRect"):
        ElementTree.SubElement(source, name, dict(xOff="0", yOff="0", **size))
    return source
