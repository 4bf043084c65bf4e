"""Label files and reviews as tests need them."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import geopandas
import pyogrio
import shapely
from shapely.geometry import box

from mmext.mapping.label_review.verdicts import FINGERPRINT, LAYER

CRS = "EPSG:32637"


def square(x: float, y: float = 0, side: float = 10) -> shapely.Polygon:
    """A square whose lower left corner lies (x, y) metres from a corner of zone 37."""
    return box(5e5 + x, 4e6 + y, 5e5 + x + side, 4e6 + y + side)


def write_labels(
    path: Path, shapes: Sequence[shapely.Geometry], crs: str = CRS, **columns: object
) -> Path:
    """Labels given in zone 37, written in another CRS."""
    table = geopandas.GeoDataFrame(columns, geometry=list(shapes), crs=CRS).to_crs(crs)
    pyogrio.write_dataframe(table, path, layer="fields", geometry_type="Unknown")
    return path


def write_candidates(
    path: Path,
    rows: Sequence[tuple[str, str | None, str, shapely.Geometry | None]],
    seen: float = 1.0,
    fingerprint: str | None = None,
) -> Path:
    """A review of (kind, verdict, names of labels, outline)."""
    kinds, verdicts, names, shapes = zip(*rows, strict=True)
    table = geopandas.GeoDataFrame(
        {
            "rank": range(1, len(rows) + 1),
            "kind": kinds,
            "labels": names,
            "label_seen": seen,
            "verdict": verdicts,
        },
        geometry=list(shapes),
        crs=CRS,
    )
    pyogrio.write_dataframe(
        table,
        path,
        layer=LAYER,
        geometry_type="Unknown",
        layer_metadata={FINGERPRINT: fingerprint} if fingerprint else None,
    )
    return path


def set_verdicts(path: Path, verdict: str, where: str = "1") -> None:
    """Fill in verdicts in place, as QGIS does."""
    with sqlite3.connect(path) as base:
        # The triggers of GDAL's spatial index name these, though no geometry changes.
        for name in ("IsEmpty", "MinX", "MaxX", "MinY", "MaxY"):
            base.create_function(f"ST_{name}", 1, lambda _: 0)
        base.execute(f"UPDATE {LAYER} SET verdict = ? WHERE {where}", [verdict])
