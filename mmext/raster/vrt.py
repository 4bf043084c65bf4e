"""One virtual raster over the maps of many sheets."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # writes, never reads

from rasterio.enums import ColorInterp

from mmext.errors import UserError
from mmext.fileio import atomic_path

from .grid import Grid, mosaic_grid, read_grid
from .scene_reader import open_scene
from .vrt_elements import DATA_TYPES, text_element

#: Pixels of sheets may differ in size by this share.
_SIZE_TOLERANCE = 1e-3
#: Sheets that lie off the common grid by less than this share of a pixel are moved
#: onto it: no pixel is then read beside the one that is meant.
_GRID_TOLERANCE = 0.1


def write_vrt(
    rasters: Sequence[Path], path: Path, grids: Sequence[Grid] | None = None
) -> None:
    """Write a GDAL VRT over rasters of one CRS, pixel size and set of bands.

    rasterio reads VRTs but cannot build them. Sources are named relative to the VRT,
    so the folder can be moved; no-data of one sheet lets another show through. The
    grid is the first raster's; sheets off it show the nearest pixel.

    Args:
        rasters: At least one, all with the first one's bands.
        path: The ``.vrt``.
        grids: Of each raster, if they were read before.

    Raises:
        UserError: The rasters can't be read or don't fit together.
    """
    grids = grids or [read_grid(raster) for raster in rasters]
    _refuse_other_grids(rasters, grids)
    with open_scene(rasters[0]) as first:
        reference = first.profile | {"descriptions": first.descriptions}
        colours = None
        if first.colorinterp[0] is ColorInterp.palette:
            colours = first.colormap(1)
    whole = mosaic_grid(grids)
    wide, left, high, top = (
        whole.transform.a,
        whole.transform.c,
        -whole.transform.e,
        whole.transform.f,
    )
    folder = path.resolve().parent
    nodata = f"{reference['nodata']:g}"

    def sources(band: int) -> Iterator[ElementTree.Element]:
        for raster, grid in zip(rasters, grids, strict=True):
            source = ElementTree.Element("ComplexSource")
            name = text_element(
                source, "SourceFilename", os.path.relpath(raster.resolve(), folder)
            )
            name.set("relativeToVRT", "1")
            text_element(source, "SourceBand", str(band))
            size = dict(xSize=str(grid.width), ySize=str(grid.height))
            ElementTree.SubElement(source, "SrcRect", dict(xOff="0", yOff="0", **size))
            place = grid.transform
            there = dict(
                xOff=(place.c - left) / wide,
                yOff=(top - place.f) / high,
                xSize=grid.width * place.a / wide,
                ySize=grid.height * -place.e / high,
            )
            on_grid = {name: _on_grid(value) for name, value in there.items()}
            ElementTree.SubElement(source, "DstRect", on_grid)
            text_element(source, "NODATA", nodata)
            yield source

    root = ElementTree.Element(
        "VRTDataset",
        rasterXSize=str(whole.width),
        rasterYSize=str(whole.height),
    )
    if reference["crs"] is not None:
        text_element(root, "SRS", reference["crs"].to_wkt())
    text_element(root, "GeoTransform", f"{left!r}, {wide!r}, 0, {top!r}, 0, {-high!r}")
    # Written source by source: a tree of all would take gigabytes for 10⁵ sheets.
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(_without_end(root))
        for band in range(1, reference["count"] + 1):
            element = ElementTree.Element(
                "VRTRasterBand",
                dataType=DATA_TYPES[reference["dtype"]],
                band=str(band),
            )
            text_element(
                element, "Description", reference["descriptions"][band - 1] or ""
            )
            text_element(element, "NoDataValue", nodata)
            if colours:
                text_element(element, "ColorInterp", "Palette")
                table = ElementTree.SubElement(element, "ColorTable")
                for code in range(256):
                    values = colours.get(code, (0, 0, 0, 255))
                    channels = {f"c{i}": str(v) for i, v in enumerate(values, start=1)}
                    ElementTree.SubElement(table, "Entry", channels)
            file.write(_without_end(element))
            for source in sources(band):
                file.write(ElementTree.tostring(source, encoding="unicode"))
            file.write(f"</{element.tag}>")
        file.write(f"</{root.tag}>")


def _refuse_other_grids(rasters: Sequence[Path], grids: Sequence[Grid]) -> None:
    """Refuse rasters that are turned or have another CRS or pixel size."""
    first = grids[0]
    for raster, grid in zip(rasters, grids, strict=True):
        if not grid.is_north_up:
            raise UserError(f"{raster}: isn't north up, a VRT expects sheets to be")
        ratios = (
            grid.transform.a / first.transform.a,
            grid.transform.e / first.transform.e,
        )
        differs = any(abs(ratio - 1) > _SIZE_TOLERANCE for ratio in ratios)
        if grid.crs != first.crs or differs:
            raise UserError(
                f"{raster}: other CRS or pixel size than {rasters[0]}, one VRT expects "
                "the same"
            )


def _without_end(element: ElementTree.Element) -> str:
    """An element as text, but for its end: more of its children follow."""
    text = ElementTree.tostring(element, encoding="unicode", short_empty_elements=False)
    return text.removesuffix(f"</{element.tag}>")


def _on_grid(pixels: float) -> str:
    whole = round(pixels)
    return str(whole) if abs(pixels - whole) < _GRID_TOLERANCE else repr(pixels)
