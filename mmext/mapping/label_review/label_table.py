"""All features of a label file as they are, and how they are written again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from mmext.errors import UserError
from mmext.location import Location, gdal_name

_INTEGERS = ("OFTInteger", "OFTInteger64")
_WRITABLE = (*_INTEGERS, "OFTReal", "OFTString", "OFTDate", "OFTDateTime")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")
#: GDAL's time zones: 100 is UTC, and one more each quarter of an hour; 0 is unknown.
_UTC, _UNKNOWN = 100, 0


@dataclass(frozen=True)
class LabelTable:
    """Features and fields of a layer; types, NULLs and time zones survive.

    Attributes:
        layer: Its name.
        crs: Its CRS as text.
        geometry_type: As OGR calls it.
        wkb: (F,) of each feature its geometry, or None.
        fields: Names.
        values: By field (F,) values.
        null: By field (F,) bool.
        offsets: By field of times (F,) time zones as GDAL has them.
    """

    layer: str
    crs: str
    geometry_type: str
    wkb: np.ndarray
    fields: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    null: tuple[np.ndarray, ...]
    offsets: dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Location, layer: str) -> "LabelTable":
        """Read a layer that :class:`.label_file.LabelFile` has read.

        Raises:
            UserError: A field has a type that can't be written again.
        """
        info, fids, wkb, data = pyogrio.raw.read(
            gdal_name(path), layer, return_fids=True
        )
        names = [str(name) for name in info["fields"]]
        values, null, offsets = [], [], {}
        for name, kind, column in zip(names, info["ogr_types"], data, strict=True):
            if kind not in _WRITABLE:
                raise UserError(
                    f"{path}: field '{name}' is {kind}, expected whole numbers, "
                    "numbers, text, dates or times; leave it out of a copy first"
                )
            empty = _empty(column)
            if kind in _INTEGERS and column.dtype.kind == "f":
                # Read as floats for their NULLs, large numbers lose digits.
                column = _whole_numbers(path, layer, name, fids)
            if kind == "OFTDateTime":
                offsets[name] = _time_zones(path, layer, name)
            values.append(column)
            null.append(empty)
        return cls(
            layer=layer,
            crs=info["crs"],
            geometry_type=info["geometry_type"],
            wkb=wkb,
            fields=tuple(names),
            values=tuple(values),
            null=tuple(null),
            offsets=offsets,
        )

    def write(
        self,
        path: Path,
        kept: Sequence[int],
        wkb: Sequence[bytes | None],
        added: dict[str, Any],
    ) -> None:
        """Write a GeoPackage.

        Args:
            path: The file.
            kept: Features to write, first.
            wkb: Geometries of these, then of new features.
            added: By field what new features have; NULL where nothing is said.
        """
        new = len(wkb) - len(kept)
        rows = np.asarray(kept, np.int64)
        values, null = [], []
        for name, column, empty in zip(
            self.fields, self.values, self.null, strict=True
        ):
            filler = np.zeros(new, column.dtype)
            if name in added:
                filler[:] = added[name]
            values.append(np.concatenate([column[rows], filler]))
            absent = np.full(new, name not in added)
            null.append(np.concatenate([empty[rows], absent]))
        shapes = np.empty(len(wkb), object)
        shapes[:] = list(wkb)
        pyogrio.raw.write(
            path,
            shapes,
            values,
            list(self.fields),
            field_mask=null,
            layer=self.layer,
            driver="GPKG",
            geometry_type=self._fitting_type(shapes),
            crs=self.crs,
            gdal_tz_offsets={
                name: np.concatenate([zones[rows], np.full(new, _UNKNOWN)])
                for name, zones in self.offsets.items()
            },
            layer_options={
                "FID": _free_name("fid", self.fields),
                "GEOMETRY_NAME": _free_name("geom", self.fields),
            },
        )

    def _fitting_type(self, wkb: np.ndarray) -> str:
        """The layer's own type, as long as all geometries are of it."""
        kinds = set(shapely.get_type_id(shapely.from_wkb(wkb)).tolist()) - {-1}
        several = shapely.GeometryType.MULTIPOLYGON in kinds
        if several and "Multi" not in self.geometry_type:
            return "Unknown"
        return self.geometry_type


def _empty(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "O":
        return np.array([value is None for value in column], bool)
    if column.dtype.kind in "fM":
        return np.isnan(column)
    return np.zeros(len(column), bool)


def _whole_numbers(
    path: Location, layer: str, name: str, fids: np.ndarray
) -> np.ndarray:
    quoted = '"' + name.replace('"', '""') + '"'
    _, there, _, (known,) = pyogrio.raw.read(
        gdal_name(path),
        layer,
        columns=[name],
        read_geometry=False,
        return_fids=True,
        where=f"{quoted} IS NOT NULL",
    )
    place = {fid: index for index, fid in enumerate(fids.tolist())}
    column = np.zeros(len(fids), known.dtype)
    column[[place[fid] for fid in there.tolist()]] = known
    return column


def _time_zones(path: Location, layer: str, name: str) -> np.ndarray:
    _, _, _, (texts,) = pyogrio.raw.read(
        gdal_name(path),
        layer,
        columns=[name],
        read_geometry=False,
        datetime_as_string=True,
    )
    return np.array([_time_zone(text or "") for text in texts], np.int64)


def _time_zone(text: str) -> int:
    found = _OFFSET.search(text)
    if text.endswith("Z"):
        return _UTC
    # The day of a time without a zone also begins with a minus.
    if not found or "T" not in text:
        return _UNKNOWN
    sign, hours, minutes = found.groups()
    quarters = (int(hours) * 60 + int(minutes)) // 15
    return _UTC + quarters if sign == "+" else _UTC - quarters


def _free_name(name: str, fields: Sequence[str]) -> str:
    taken = {field.lower() for field in fields}
    while name in taken:
        name = f"label_{name}"
    return name
