"""Reading a review that an annotator has filled in."""

from dataclasses import dataclass
from pathlib import Path

import geopandas
import pandas as pd
import pyogrio
from pandas.api.types import is_numeric_dtype, is_string_dtype
from shapely.errors import ShapelyError

from mmext.checked import shortened
from mmext.errors import UserError, one_line

from .finding import KINDS

#: What an annotator may say of a candidate.
ACCEPT = "accept"
VERDICTS = (ACCEPT, "reject", "unsure")

#: The layer of a review's GeoPackage.
LAYER = "candidates"
#: Its metadata that holds the fingerprint of the labels that were reviewed.
FINGERPRINT = "labels_fingerprint"
_NEEDED = ("kind", "verdict")
_UNREADABLE = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    ShapelyError,
    ValueError,
)


@dataclass(frozen=True)
class Verdicts:
    """A filled-in review.

    Attributes:
        path: The GeoPackage.
        table: A row for each candidate, best first: ``name`` (what messages call it),
            ``kind``, ``verdict`` (empty where there is none), ``labels`` (names of
            labels, :class:`.label_file.LabelFile`), ``label_seen`` and geometry, which
            may be None.
        fingerprint: Of the labels that were reviewed, None where it isn't known.
    """

    path: Path
    table: geopandas.GeoDataFrame
    fingerprint: str | None

    @classmethod
    def read(cls, path: Path) -> "Verdicts":
        """Read and check a review.

        Case and surrounding blanks of a verdict don't matter; NULL is none.

        Raises:
            UserError: The file can't be read, is no review, or holds a verdict or kind
                that there isn't.
        """
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        try:
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            if LAYER not in layers:
                found = ", ".join(layers) or "no layer"
                raise UserError(
                    f"{path}: has {found}, expected a review's layer '{LAYER}'"
                )
            info = pyogrio.read_info(path, LAYER)
            raw = pyogrio.read_dataframe(
                path, LAYER, fid_as_index=True, on_invalid="ignore"
            )
        except _UNREADABLE as error:
            raise UserError(
                f"{path}: can't be read as a review ({one_line(error)})"
            ) from None
        if not isinstance(raw, geopandas.GeoDataFrame):
            raise UserError(f"{path}: layer '{LAYER}' has no geometries")
        for column in _NEEDED:
            if column not in raw:
                raise UserError(
                    f"{path}: layer '{LAYER}' has no column '{column}', expected a "
                    "review's"
                )
        table = geopandas.GeoDataFrame(
            {
                "name": _names(path, raw),
                "kind": _text(path, raw, "kind"),
                "verdict": _text(path, raw, "verdict").str.lower(),
                "labels": _text(path, raw, "labels") if "labels" in raw else "",
                "label_seen": _number(path, raw, "label_seen"),
            },
            geometry=raw.geometry,
        )
        for column, known in (("verdict", ("", *VERDICTS)), ("kind", KINDS)):
            strange = table[~table[column].isin(known)]
            if len(strange):
                first = strange.iloc[0]
                more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
                allowed = ", ".join(value or "nothing" for value in known)
                raise UserError(
                    f"{path}: {first['name']}{more}: {column} is "
                    f"{shortened(first[column])}, expected one of {allowed}"
                )
        metadata = info.get("layer_metadata") or {}
        return cls(path, table, metadata.get(FINGERPRINT))

    def counts(self) -> str:
        """How many candidates have which verdict, as text."""
        number = self.table["verdict"].value_counts()
        said = [f"{number.get(verdict, 0)} {verdict}" for verdict in VERDICTS]
        return ", ".join([*said, f"{number.get('', 0)} without a verdict"])


def _names(path: Path, raw: geopandas.GeoDataFrame) -> list[str]:
    """``candidate 7`` by its rank; by the row's id where an annotator added it."""
    ranks = _number(path, raw, "rank")
    return [
        f"row {fid} (without rank)" if pd.isna(rank) else f"candidate {rank:.0f}"
        for fid, rank in zip(raw.index, ranks, strict=True)
    ]


def _text(path: Path, raw: geopandas.GeoDataFrame, column: str) -> pd.Series:
    values = raw[column]
    if not (is_string_dtype(values) or values.isna().all()):
        raise UserError(f"{path}: column '{column}' is {values.dtype}, expected text")
    return values.fillna("").astype(str).str.strip()


def _number(path: Path, raw: geopandas.GeoDataFrame, column: str) -> pd.Series:
    if column not in raw:
        return pd.Series(float("nan"), raw.index)
    values = raw[column]
    if not (is_numeric_dtype(values) or values.isna().all()):
        raise UserError(
            f"{path}: column '{column}' is {values.dtype}, expected a number"
        )
    return values.astype(float)
