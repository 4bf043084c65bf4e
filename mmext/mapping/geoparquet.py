"""Objects as GeoParquet, for those who look at a country in columns."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from pyogrio.raw import open_arrow

from mmext.errors import UserError
from mmext.raster.writing import writing

#: Objects of a row group: so many are in memory, and so few are read where a part is
#: asked for.
_ROWS = 16_384
_GEOMETRY, _BOX = "geometry", "bbox"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def refuse_without_pyarrow() -> None:
    """Say what is needed before hours are spent.

    Raises:
        UserError: It isn't installed.
    """
    if not importlib.util.find_spec("pyarrow"):
        raise UserError(
            "--objects: parquet needs pyarrow, expected pip install 'mmext[parquet]'"
        )


def save_as_geoparquet(source: Path, layer: str, path: Path) -> bool:
    """Write a layer as GeoParquet 1.1, some rows at a time.

    Geometries are WKB, with a box for each by which readers leave out row groups.

    Args:
        source: A GeoPackage.
        layer: Its layer.
        path: ``.parquet``.

    Returns:
        Whether they have a coordinate system.

    Raises:
        CantWriteError: The disk says no.
        UserError: pyarrow isn't installed.
    """
    refuse_without_pyarrow()
    import pyarrow as pa
    from pyarrow import parquet

    box = pa.struct([(name, pa.float64()) for name in _CORNERS])
    found = _Found()
    with (
        writing(path),
        open_arrow(source, layer=layer, use_pyarrow=True, batch_size=_ROWS) as opened,
    ):
        meta, reader = opened
        shapes = meta["geometry_name"]
        fields = [field for field in reader.schema if field.name != shapes]
        columns = [field.name for field in fields]
        fields += [pa.field(_GEOMETRY, pa.binary()), pa.field(_BOX, box)]
        schema = pa.schema([field.remove_metadata() for field in fields])
        with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in reader:
                boxes = found.add(batch.column(shapes).to_numpy(zero_copy_only=False))
                writer.write_batch(
                    pa.record_batch(
                        [
                            *(batch.column(name) for name in columns),
                            batch.column(shapes),
                            pa.StructArray.from_arrays(list(boxes.T), fields=list(box)),
                        ],
                        schema=schema,
                    )
                )
            text = json.dumps(found.description(meta["crs"]))
            writer.add_key_value_metadata({"geo": text})
    return meta["crs"] is not None


class _Found:
    """What is known of all geometries at the end.

    Attributes:
        bounds: Left, bottom, right and top; none yet.
        kinds: What they are.
    """

    def __init__(self) -> None:
        self.bounds: np.ndarray | None = None
        self.kinds: set[str] = set()

    def add(self, wkb: np.ndarray) -> np.ndarray:
        """Take N geometries; their boxes (N, 4)."""
        geometries = shapely.from_wkb(wkb)
        self.kinds |= {geometry.geom_type for geometry in geometries}
        boxes = shapely.bounds(geometries)
        every = boxes if self.bounds is None else np.vstack([boxes, self.bounds])
        self.bounds = np.concatenate([every[:, :2].min(axis=0), every[:, 2:].max(0)])
        return boxes

    def description(self, crs: str | None) -> dict[str, Any]:
        """What GeoParquet's metadata says."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self.kinds),
            # Left out it would mean longitudes and latitudes.
            "crs": crs and pyproj.CRS.from_user_input(crs).to_json_dict(),
            "covering": {_BOX: {name: [_BOX, name] for name in _CORNERS}},
        }
        if self.bounds is not None:
            column["bbox"] = self.bounds.tolist()
        return {
            "version": "1.1.0",
            "primary_column": _GEOMETRY,
            "columns": {_GEOMETRY: column},
        }
