"""A GeoPackage of fields that fills while the scene is mapped."""

from pathlib import Path

import geopandas

from mmext.geo.qgis_style import categorised_outlines, embed_style

from .class_codes import COLOURS, NAMES

LAYER = "fields"


class PolygonFile:
    """Fields go to disk as they come; the file appears, styled, when all are there.

    Args:
        path: The GeoPackage.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.stem}.filling.gpkg")
        self.temporary.unlink(missing_ok=True)
        self.number = 0

    def add(self, table: geopandas.GeoDataFrame) -> None:
        """Append rows; the first call's table, even an empty one, sets the columns."""
        begun = self.temporary.is_file()
        if len(table) or not begun:
            table.to_file(
                self.temporary,
                layer=LAYER,
                mode="a" if begun else "w",
                geometry_type="Unknown",
            )
        self.number += len(table)

    def save(self) -> None:
        """Add the style and move the file to its place."""
        colours = {name: COLOURS[code][:3] for code, name in NAMES.items()}
        embed_style(self.temporary, LAYER, categorised_outlines("source", colours))
        self.temporary.replace(self.path)

    def close(self) -> None:
        """Keep nothing."""
        self.temporary.unlink(missing_ok=True)
