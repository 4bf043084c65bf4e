"""A file of polygon labels whose every part can be told from the others."""

import functools
import hashlib
from dataclasses import dataclass

import geopandas
import numpy as np
import pyogrio
import shapely

from mmext.errors import UserError
from mmext.location import Location, gdal_name
from mmext.prepare.labels import RasterLabels, read_labels

#: Hexadecimal digits of a geometry's SHA-256 that a part's name carries.
_DIGITS = 8


@dataclass(frozen=True)
class LabelFile:
    """Labels as they are in their file, and the polygons that they are made of.

    A part's name is its feature's id in the file and a hash of the feature's geometry,
    ``17#3fa9c1d2``; of a feature of several parts also the part's number from 1,
    ``17.2#3fa9c1d2``. A name that is found again means the same polygon, whatever
    happened to the file in between.

    Attributes:
        path: The file.
        layer: The layer read.
        where: Attribute filter in SQL; None selects all features.
        polygons: (N,) valid polygons, the parts of the selected features.
        names: (N,) the parts' names.
        feature: (N,) the feature of each part, counted in file order from 0.
        selected: The features that ``where`` selects.
        repaired: Those of them whose geometry was invalid.
        fingerprint: SHA-256 over the geometries of the whole layer.
    """

    path: Location
    layer: str
    where: str | None
    polygons: geopandas.GeoSeries
    names: tuple[str, ...]
    feature: np.ndarray
    selected: frozenset[int]
    repaired: frozenset[int]
    fingerprint: str

    @classmethod
    def read(
        cls, path: Location, layer: str | None = None, where: str | None = None
    ) -> "LabelFile":
        """Read polygons as ``prepare_tiles`` does: in any CRS, repaired.

        Args:
            path: Any vector file that GDAL reads, on this machine or elsewhere.
            layer: Layer of it.
            where: Attribute filter in SQL.

        Raises:
            UserError: The file can't be read, is a raster, or doesn't hold polygons
                alone.
        """
        labels = read_labels(path, layer, where)
        if isinstance(labels, RasterLabels):
            raise UserError(f"{path}: is a raster, expected polygons")
        layer = str(pyogrio.read_info(gdal_name(path), layer)["layer_name"])
        _, fids, wkb, _ = pyogrio.raw.read(
            gdal_name(path), layer, columns=[], return_fids=True, force_2d=True
        )
        _, selected, _, _ = pyogrio.raw.read(
            gdal_name(path),
            layer,
            columns=[],
            where=where,
            return_fids=True,
            read_geometry=False,
        )
        digests = [hashlib.sha256(shape or b"").hexdigest() for shape in wkb]
        place = {fid: index for index, fid in enumerate(fids.tolist())}
        # Selected features without an area are no polygons.
        rows = [
            place[fid] for fid in selected[labels.polygons.index.to_numpy()].tolist()
        ]
        valid = shapely.is_valid(shapely.from_wkb(wkb[rows]))
        parts, owner = shapely.get_parts(labels.polygons.to_numpy(), return_index=True)
        number = np.bincount(owner, minlength=len(rows))
        counted = np.arange(len(parts)) - (np.cumsum(number) - number)[owner] + 1
        names = [
            f"{fids[rows[of]]}{f'.{count}' if number[of] > 1 else ''}"
            f"#{digests[rows[of]][:_DIGITS]}"
            for of, count in zip(owner.tolist(), counted.tolist(), strict=True)
        ]
        return cls(
            path=path,
            layer=layer,
            where=where,
            polygons=geopandas.GeoSeries(parts, crs=labels.polygons.crs),
            names=tuple(names),
            feature=np.array(rows, np.int64)[owner],
            selected=frozenset(place[fid] for fid in selected.tolist()),
            repaired=frozenset(
                row for row, good in zip(rows, valid, strict=True) if not good
            ),
            fingerprint=hashlib.sha256("".join(digests).encode()).hexdigest(),
        )

    def find(self, name: str) -> int | None:
        """The part of a name, also if its feature has another id now.

        Returns:
            Its index; None if there is no such part, or several that could be it.
        """
        if name in self._by_name:
            return self._by_name[name]
        same = self._by_shape.get(_without_id(name), [])
        return same[0] if len(same) == 1 else None

    @functools.cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    @functools.cached_property
    def _by_shape(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            found.setdefault(_without_id(name), []).append(index)
        return found


def _without_id(name: str) -> str:
    """``17.2#3fa9c1d2`` as ``.2#3fa9c1d2``."""
    return name.lstrip("-0123456789")
