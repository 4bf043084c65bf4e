"""The result of an evaluation: counts, areas, and which objects were found."""

import os
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd

from mmext.evaluation.confusion import Confusion
from mmext.evaluation.objects import ObjectCounts
from mmext.fileio import atomic_path
from mmext.raster.ground_area import ground_area
from mmext.raster.qgis_style import embed_style, single_outline

from .covering import covered_share, disjoint
from .judging import Judgement, judge

#: Share of a false positive that a channel has a hand in.
_ANY = 1e-6
_COLOURS = {
    "true_positives": (34, 139, 34),
    "false_negatives": (226, 26, 28),
    "false_positives": (255, 140, 0),
}


@dataclass(frozen=True)
class MapCounts:
    """What a map, or several, get right; they add up.

    Attributes:
        pixels: Pixel counts by channel; of a map of polygons only the union's, in
            pixels of 0.1 m on the ground, and true negatives only if an area was
            given.
        objects: True objects, and those of the map.
        true_area: m² of the true objects inside the evaluated area.
        mapped_area: m² of the map's objects.
    """

    pixels: dict[str, Confusion]
    objects: ObjectCounts
    true_area: float
    mapped_area: float

    def __add__(self, other: "MapCounts") -> "MapCounts":
        pixels = {k: v + other.pixels[k] for k, v in self.pixels.items()}
        return MapCounts(
            pixels,
            self.objects + other.objects,
            self.true_area + other.true_area,
            self.mapped_area + other.mapped_area,
        )

    @property
    def area_error(self) -> float:
        """Mapped minus true area in m²."""
        return self.mapped_area - self.true_area

    @property
    def relative_area_error(self) -> float | None:
        """Area error over true area; None if there is no true object."""
        return self.area_error / self.true_area if self.true_area else None

    def object_scores(self) -> dict[str, float | None]:
        """Objects and areas, as ``objects.csv`` names them."""
        return {
            **vars(self.objects),
            "recall": self.objects.recall,
            "precision": self.objects.precision,
            "true_area_m2": self.true_area,
            "mapped_area_m2": self.mapped_area,
            "area_error_m2": self.area_error,
            "relative_area_error": self.relative_area_error,
        }

    def write_scores(self, folder: Path, **more: float) -> None:
        """Write ``pixels.csv`` and ``objects.csv``, this one with more columns."""
        rows = [{"channel": k, **v.as_dict()} for k, v in self.pixels.items()]
        with atomic_path(folder / "pixels.csv") as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
        with atomic_path(folder / "objects.csv") as temporary:
            scores = pd.DataFrame([self.object_scores() | more])
            scores.to_csv(temporary, index=False)


@dataclass(frozen=True)
class MapEvaluation(MapCounts):
    """What a map gets right.

    Attributes:
        outside: True objects that lie wholly outside the evaluated area.
        layers: ``true_positives`` and ``false_negatives`` (true objects),
            ``false_positives`` (mapped ones), each with ``cover`` in [0, 1],
            ``area_m2`` and ``source``: the channels that find a true positive by
            themselves (``target``, ``error``, ``both``; ``union`` if only together),
            or that say something of a false positive; empty for false negatives and
            where the map does not tell channels apart.
        judgement: Whether objects are correct as often as the map says; None where it
            doesn't say.
    """

    outside: int
    layers: dict[str, geopandas.GeoDataFrame]
    judgement: Judgement | None = None

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write ``pixels.csv``, ``objects.csv`` and ``objects.gpkg``.

        And ``calibration.csv`` and ``calibration_bins.csv`` if there is a judgement.
        """
        folder = Path(folder)
        self.write_scores(folder, true_objects_outside=self.outside)
        if self.judgement:
            for name, table in (
                ("calibration.csv", self.judgement.table),
                ("calibration_bins.csv", self.judgement.bin_table),
            ):
                with atomic_path(folder / name) as temporary:
                    table.to_csv(temporary, index=False, float_format="%.6g")
        with atomic_path(folder / "objects.gpkg") as temporary:
            for name, table in self.layers.items():
                table.to_file(
                    temporary, layer=name, driver="GPKG", geometry_type="Unknown"
                )
                embed_style(temporary, name, single_outline(_COLOURS[name]))


def compare_objects(
    pixels: dict[str, Confusion],
    mapped: geopandas.GeoSeries,
    channels: dict[str, geopandas.GeoSeries],
    truth: geopandas.GeoSeries,
    min_cover: float,
    number: int,
    said: pd.DataFrame | None = None,
) -> MapEvaluation:
    """Find out which objects were found, and which are not there.

    Args:
        pixels: What was counted by pixel.
        mapped: The map's objects.
        channels: What the channels ``target`` and ``error`` say by themselves; empty
            where the map does not tell.
        truth: The true objects inside the evaluated area, in the map's CRS.
        min_cover: Share in (0, 1].
        number: True objects anywhere.
        said: What the map says of its objects, a row for each; None of a raster.
    """
    true_table, mapped_table = _table(truth, mapped), _table(mapped, truth)
    found = true_table["cover"] >= min_cover
    correct = mapped_table["cover"] >= min_cover
    layers = {
        "true_positives": true_table[found].copy(),
        "false_negatives": true_table[~found].copy(),
        "false_positives": mapped_table[~correct].copy(),
    }
    least = {"true_positives": min_cover, "false_positives": _ANY}
    for name, table in layers.items():
        table["source"] = (
            _sources(table, channels, least[name]) if name in least else ""
        )
    return MapEvaluation(
        pixels=pixels,
        objects=ObjectCounts(
            len(truth), int(found.sum()), len(mapped), int(correct.sum())
        ),
        true_area=_united_area(truth),
        mapped_area=_united_area(mapped),
        outside=number - len(truth),
        layers=layers,
        judgement=None if said is None else judge(said, correct.to_numpy(bool)),
    )


def _united_area(polygons: geopandas.GeoSeries) -> float:
    """m² that polygons cover, overlaps once."""
    return float(ground_area(disjoint(polygons)[0]).sum())


def _sources(
    table: geopandas.GeoDataFrame,
    channels: dict[str, geopandas.GeoSeries],
    min_cover: float,
) -> np.ndarray:
    """Which channels by themselves cover enough of each polygon."""
    if not channels:
        return np.full(len(table), "", object)
    target, error = (
        covered_share(table.geometry, channels[name]) >= min_cover
        for name in ("target", "error")
    )
    return np.select(
        [target & error, target, error], ["both", "target", "error"], "union"
    ).astype(object)


def _table(
    polygons: geopandas.GeoSeries, others: geopandas.GeoSeries
) -> geopandas.GeoDataFrame:
    polygons = polygons.reset_index(drop=True)
    return geopandas.GeoDataFrame(
        {
            "cover": covered_share(polygons, others),
            "area_m2": ground_area(polygons) if len(polygons) else np.zeros(0),
        },
        geometry=polygons,
        crs=polygons.crs,
    )
