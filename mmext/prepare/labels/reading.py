"""Labels by the kind of their file."""

import os
from collections.abc import Collection, Sequence

from mmext.errors import UserError
from mmext.fileio.remote import exists
from mmext.location import Address, locate

from .raster import RasterLabels
from .vector import VectorLabels

RASTER_SUFFIXES = {
    *(".tif", ".tiff", ".vrt", ".png", ".jp2", ".img", ".bmp", ".jpg", ".jpeg", ".gif")
}


def read_labels(
    path: str | os.PathLike[str] | Address,
    layer: str | None = None,
    where: str | None = None,
    all_touched: bool = False,
    values: Sequence[int] | None = None,
    ignored: Collection[int] = (),
    known: Collection[int] | None = None,
    band: int | None = None,
) -> VectorLabels | RasterLabels:
    """Open labels, vector or raster by the file's suffix.

    Args:
        path: The file, on this machine or elsewhere.
        layer: Layer of a vector file.
        where: Attribute filter of a vector file.
        all_touched: See :class:`VectorLabels`.
        values: See :class:`RasterLabels`.
        ignored: See :class:`RasterLabels`.
        known: See :class:`RasterLabels`.
        band: See :class:`RasterLabels`.

    Raises:
        UserError: There is no such file, it can't be read, or an option does not
            go with its kind.
    """
    path = locate(path)
    if not exists(path):
        raise UserError(f"{path}: no such label file")
    if path.suffix.lower() in RASTER_SUFFIXES:
        if layer or where or all_touched:
            raise UserError(
                f"{path}: is a raster, --label-layer, --label-where and --all-touched "
                "are for polygons"
            )
        return RasterLabels(path, values, ignored, known, band)
    for option, given in (("values", values is not None), ("ignore", bool(ignored))):
        if given:
            raise UserError(f"{path}: holds polygons, --label-{option} is for rasters")
    return VectorLabels(path, layer, where, all_touched)
