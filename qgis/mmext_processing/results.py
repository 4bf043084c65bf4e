"""Where mmext writes a map."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote


def scene_name(raster: str) -> str:
    """What the results of a raster are called.

    Args:
        raster: Its path, or a name of GDAL's that begins with ``/vsi``.
    """
    if raster.startswith("/vsi"):
        return PurePosixPath(unquote(raster.partition("?")[0])).stem
    return Path(raster).stem


def map_paths(raster: str, out: str) -> dict[str, str]:
    """What QGIS opens of a map: ``polygons``, ``classes`` and ``probability``.

    Args:
        raster: What was mapped.
        out: The folder.
    """
    start = str(Path(out, scene_name(raster)))
    return {
        "polygons": f"{start}.gpkg|layername=fields",
        "classes": f"{start}_class.tif",
        "probability": f"{start}_probability.tif",
    }
