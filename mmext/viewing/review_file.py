"""A label review that is filled in while it is looked at."""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import geopandas
import pandas as pd
import pyogrio

from mmext.checked import shortened
from mmext.errors import UserError, one_line
from mmext.mapping.label_review.verdicts import LAYER, VERDICTS, Verdicts

from .features import Bounds, read_features
from .raster_view import Place

#: Seconds to wait for another program, QGIS say, that writes the file.
_PATIENCE = 5.0
#: GDAL and Python each bring an SQLite, and locks on a file are a process's: between
#: the two there are none. A reader would see half a change, and take the writer's lock
#: away when it closes the file.
_ONE_SQLITE = threading.Lock()
#: What the page shows of a candidate beside its kind and verdict.
SHOWN = (
    "rank",
    "scene",
    "score",
    "area_m2",
    "share_wrong",
    "last_epoch",
    "probability",
    "label_seen",
)
_SAVE = f"""
UPDATE {LAYER} SET verdict = :verdict
WHERE {{key}} = :number AND trim(kind) IS :kind AND {{rank}} IS :rank
"""  # nosec B608 # LAYER is ours; key and rank are names that the file's table has
_CHANGED = """
UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
WHERE table_name = :layer
"""
#: What a GeoPackage's triggers ask of the program that changes it. None of them acts
#: when a verdict changes, but SQLite wants to know that they could.
_FUNCTIONS = ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")


@dataclass(frozen=True)
class ReviewFile:
    """The GeoPackage of a review.

    Attributes:
        path: The file.
    """

    path: Path

    def read(self) -> geopandas.GeoDataFrame:
        """The candidates, the best first.

        Returns:
            By their number in the file: ``kind``, ``verdict``, those of :data:`SHOWN`
            that the review has, and geometry, which may be None.

        Raises:
            UserError: The file can't be read or is no review.
        """
        with _ONE_SQLITE:
            checked = Verdicts.read(self.path).table
            raw = pyogrio.read_dataframe(
                self.path, layer=LAYER, fid_as_index=True, on_invalid="ignore"
            )
        columns = {name: raw[name] for name in SHOWN if name in raw}
        columns |= {name: checked[name] for name in ("kind", "verdict")}
        table = geopandas.GeoDataFrame(columns, geometry=raw.geometry)
        if "rank" not in table:
            return table
        return table.sort_values("rank", na_position="last", kind="stable")

    def outlines(self, place: Place, bounds: Bounds) -> geopandas.GeoDataFrame | None:
        """The candidates that meet a part of a sheet, see :func:`.read_features`."""
        with _ONE_SQLITE:
            return read_features(self.path, LAYER, place, bounds)

    def save(self, number: int, kind: str, rank: int | None, verdict: str) -> None:
        """Write a candidate's verdict, in one transaction.

        Args:
            number: The candidate's in the file.
            kind: What it is thought to be, so that another one is not taken for it.
            rank: Likewise; None where it has none.
            verdict: Empty for none.

        Raises:
            UserError: There is no such verdict, there is no such candidate any more, or
                the file can't be written to; it is as it was then.
        """
        if verdict not in ("", *VERDICTS):
            raise UserError(
                f"verdict: is {shortened(verdict)}, expected one of "
                f"{', '.join(VERDICTS)} or nothing"
            )
        if not self.path.is_file():
            raise UserError(f"{self.path}: no such file")
        try:
            with _ONE_SQLITE:
                connection = sqlite3.connect(
                    self.path.absolute().as_uri() + "?mode=rw", _PATIENCE, uri=True
                )
                try:
                    with connection:
                        self._save(connection, number, kind, rank, verdict)
                finally:
                    connection.close()
        except sqlite3.Error as error:
            raise UserError(
                f"{self.path}: the verdict can't be written ({one_line(error)})"
            ) from None

    def _save(
        self,
        connection: sqlite3.Connection,
        number: int,
        kind: str,
        rank: int | None,
        verdict: str,
    ) -> None:
        for name in _FUNCTIONS:
            connection.create_function(name, 1, _not_asked)
        columns = connection.execute(f"PRAGMA table_info({LAYER})").fetchall()
        [key] = [name for _, name, *_, is_key in columns if is_key]
        has_rank = any(name == "rank" for _, name, *_ in columns)
        statement = _SAVE.format(key=f'"{key}"', rank="rank" if has_rank else "NULL")
        values = dict(number=number, kind=kind, rank=rank, verdict=verdict)
        if connection.execute(statement, values).rowcount != 1:
            raise UserError(
                f"{self.path}: candidate {rank or number} ({kind}) is not in it any "
                "more; load the page again"
            )
        connection.execute(_CHANGED, {"layer": LAYER})


def _not_asked(geometry: bytes) -> NoReturn:
    raise NotImplementedError("a verdict changes no geometry")


def as_records(table: geopandas.GeoDataFrame) -> list[dict[str, object]]:
    """Rows without geometry, as JSON has them: ``id`` is the number in the file."""
    plain = pd.DataFrame(table.drop(columns="geometry")).astype(object)
    plain = plain.where(plain.notna(), None)
    return [
        {"id": int(number), **row}
        for number, row in zip(plain.index, plain.to_dict("records"), strict=True)
    ]
