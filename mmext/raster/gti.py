"""A GDAL tile index: one raster of any number of others."""

import os
from collections.abc import Sequence
from pathlib import Path

import geopandas

from mmext.fileio import atomic_path

from .grid import Grid, mosaic_grid
from .writing import writing


def write_tile_index(
    rasters: Sequence[Path], path: Path, grids: Sequence[Grid]
) -> None:
    """Write an index that GDAL (since 3.9) and QGIS open as one raster.

    Unlike a VRT it is not read whole to show a part. Where rasters overlap, the later
    one is above; its no-data lets the others show through.

    Args:
        rasters: Rasters that one VRT takes, too, see
            :func:`~mmext.raster.vrt.write_vrt`. They are named relative to the index.
        path: ``NAME.gti.gpkg``.
        grids: Of each raster.

    Raises:
        UserError: The disk says no.
    """
    folder = path.resolve().parent
    table = geopandas.GeoDataFrame(
        {"location": [os.path.relpath(raster.resolve(), folder) for raster in rasters]},
        geometry=[grid.outline for grid in grids],
        crs=grids[0].crs,
    )
    whole = mosaic_grid(grids)
    # Said, since GDAL rounds up what it works out itself: a sheet that is off by 1e-9 m
    # would make it a row more.
    place = {
        "XSIZE": str(whole.width),
        "YSIZE": str(whole.height),
        "GEOTRANSFORM": ",".join(map(repr, whole.transform.to_gdal())),
    }
    with atomic_path(path) as temporary, writing(path):
        table.to_file(temporary, layer="sheets", driver="GPKG", layer_metadata=place)
