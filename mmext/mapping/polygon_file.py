"""A GeoPackage of objects that fills while the scene is mapped."""

from pathlib import Path

import geopandas
import pyogrio
from pyogrio.raw import open_arrow, write_arrow

from mmext.inference.class_codes import COLOURS, NAMES
from mmext.raster.qgis_style import categorised_outlines, embed_style
from mmext.raster.writing import writing

#: As it was called when fields were all that was looked for; maps of then are read.
LAYER = "fields"


class PolygonFile:
    """Objects go to disk as they come.

    Args:
        path: The GeoPackage, a temporary name: it is whole when it is finished.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        # To wait for the disk after each append takes longer than to map a small
        # sheet, and helps nobody: what is unfinished has a temporary name.
        pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})

    def add(self, table: geopandas.GeoDataFrame) -> None:
        """Append rows; the first call's table, even an empty one, sets the columns.

        Raises:
            CantWriteError: The disk says no.
        """
        begun = self.path.is_file()
        if len(table) or not begun:
            with writing(self.path):
                table.to_file(
                    self.path,
                    layer=LAYER,
                    mode="a" if begun else "w",
                    geometry_type="Unknown",
                )
        self.number += len(table)

    def finish(self) -> None:
        """Add the style.

        Raises:
            CantWriteError: The disk says no.
        """
        colours = {name: COLOURS[code][:3] for code, name in NAMES.items()}
        with writing(self.path):
            embed_style(self.path, LAYER, categorised_outlines("source", colours))

    def save_as_flatgeobuf(self, path: Path) -> None:
        """Write the objects, some at a time, in the format that is read by parts.

        Args:
            path: ``.fgb``. It has no place for a style.

        Raises:
            CantWriteError: The disk says no.
        """
        with (
            writing(path),
            open_arrow(self.path, layer=LAYER, use_pyarrow=False) as (meta, stream),
        ):
            write_arrow(
                stream,
                path,
                driver="FlatGeobuf",
                layer=LAYER,
                geometry_name=meta["geometry_name"],
                geometry_type=meta["geometry_type"],
                crs=meta["crs"],
            )
