"""Labels that are read when they are needed, in whatever process that is."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmext.fileio.file_note import FileNote
from mmext.fileio.remote import exists
from mmext.location import Location, absolute, local_path

from .raster import RasterLabels
from .reading import RASTER_SUFFIXES, read_labels
from .vector import VectorLabels

#: What may hold a part of a file's content beside it: a shapefile's attributes and
#: system, what SQLite has not yet written into a GeoPackage.
_COMPANIONS = (".dbf", ".shx", ".prj", ".cpg")
_JOURNAL = "-wal"


@dataclass(frozen=True)
class LabelSource:
    """A label file and how it is read; see :func:`~.reading.read_labels`.

    Attributes:
        path: The file.
        layer: Layer of a vector file.
        where: Attribute filter of a vector file.
        all_touched: Whether a polygon marks all pixels that it touches.
        values: Values of a raster that mean target.
        ignored: Values of a raster that mean neither target nor background.
        known: All values that a raster may hold; None means any.
        band: The band of a raster that holds them; None means that all bands do.
    """

    path: Location
    layer: str | None = None
    where: str | None = None
    all_touched: bool = False
    values: tuple[int, ...] | None = None
    ignored: tuple[int, ...] = ()
    known: tuple[int, ...] | None = None
    band: int | None = None

    @property
    def is_raster(self) -> bool:
        """Whether it holds pixels, not polygons."""
        return self.path.suffix.lower() in RASTER_SUFFIXES

    def notes(self) -> list[FileNote]:
        """By what the file, and what belongs to it, is known again.

        Raises:
            UserError: It is not there.
        """
        if not exists(self.path):
            # Says that it is labels that are not there.
            read_labels(self.path)
        path = local_path(self.path)
        if path is None:
            return [FileNote.of(self.path)]
        beside = [Path(f"{path}{_JOURNAL}")]
        if path.suffix.lower() == ".shp":
            beside += [path.with_suffix(suffix) for suffix in _COMPANIONS]
        return [FileNote.of(path), *(FileNote.of(p) for p in beside if p.is_file())]

    def options(self) -> dict[str, Any]:
        """How it is read, by name."""
        return {f"label_{k}": v for k, v in vars(self).items() if k != "path"}

    def read(self) -> VectorLabels | RasterLabels:
        """Read it; several scenes in a row share what was read.

        Raises:
            UserError: It can't be read.
        """
        return _read(self, tuple(self.notes()))

    def for_all(self) -> "LabelSource":
        """The same by a path that doesn't depend on where a process was started."""
        return replace(self, path=absolute(self.path))


# One: a country's polygons are large, and a file for each scene is used once.
@functools.lru_cache(maxsize=1)
def _read(
    file: LabelSource, notes: tuple[FileNote, ...]
) -> VectorLabels | RasterLabels:
    return read_labels(
        file.path,
        file.layer,
        file.where,
        file.all_touched,
        file.values,
        file.ignored,
        file.known,
        file.band,
    )
