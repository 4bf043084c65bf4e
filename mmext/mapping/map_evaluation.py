"""How right a map is, by pixel, by field and by area."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.features import geometry_mask
from rasterio.io import DatasetReader
from rasterio.windows import transform as window_transform
from shapely.geometry import box
from tqdm import tqdm

from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.objects import ObjectCounts
from mmext.fileio import atomic_path
from mmext.fileio.vector import read_vector
from mmext.pixel_values import IGNORE
from mmext.prepare.labels import VectorLabels
from mmext.raster.ground_area import ground_area
from mmext.raster.qgis_style import embed_style, single_outline
from mmext.raster.scene_reader import open_scene
from mmext.raster.valid_polygons import valid_polygons

from .class_codes import BOTH, ERROR, NODATA, NONE, TARGET
from .evaluated_area import (
    VECTOR_SUFFIXES,
    blocks,
    mask_profile,
    polygons_of_band,
    read_area,
)

CHANNEL_CODES = {"target": (1, 3), "error": (2, 3), "union": (1, 2, 3)}
_CODES = (NONE, TARGET, ERROR, BOTH, NODATA)
#: Polygons are counted in pixels of 0.1 m.
_PER_SQUARE_METRE = 100
#: Share of a false alarm that a channel has a hand in.
_ANY = 1e-6
_COLOURS = {
    "hits": (34, 139, 34),
    "misses": (226, 26, 28),
    "false_alarms": (255, 140, 0),
}

#: Corners of a polygon above which it is cut before it is laid over others.
_MOST_CORNERS = 200


@dataclass(frozen=True)
class MapEvaluation:
    """What a map gets right.

    Attributes:
        pixels: Pixel counts by channel; of a map of polygons only the union's, in
            pixels of 0.1 m on the ground, and true negatives only if an area was
            given.
        objects: Fields found and missed.
        true_area: m² of the true fields inside the evaluated area.
        mapped_area: m² of the map's fields.
        outside: True fields that lie wholly outside the evaluated area.
        layers: ``hits`` and ``misses`` (true fields), ``false_alarms`` (mapped
            ones), each with ``cover`` in [0, 1], ``area_m2`` and ``source``: the
            channels that find a hit by themselves (``target``, ``error``, ``both``;
            ``union`` if only together), or that say something of a false alarm;
            empty for misses and where the map does not tell channels apart.
    """

    pixels: dict[str, Confusion]
    objects: ObjectCounts
    true_area: float
    mapped_area: float
    outside: int
    layers: dict[str, geopandas.GeoDataFrame]

    @property
    def area_error(self) -> float:
        """Mapped minus true area in m²."""
        return self.mapped_area - self.true_area

    @property
    def relative_area_error(self) -> float | None:
        """Area error over true area; None if there is no true field."""
        return self.area_error / self.true_area if self.true_area else None

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write ``pixels.csv``, ``fields.csv`` and ``fields.gpkg``."""
        folder = Path(folder)
        rows = [{"channel": k, **v.as_dict()} for k, v in self.pixels.items()]
        with atomic_path(folder / "pixels.csv") as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
        fields = {
            **vars(self.objects),
            "recall": self.objects.recall,
            "precision": self.objects.precision,
            "true_area_m2": self.true_area,
            "mapped_area_m2": self.mapped_area,
            "area_error_m2": self.area_error,
            "relative_area_error": self.relative_area_error,
            "true_objects_outside": self.outside,
        }
        with atomic_path(folder / "fields.csv") as temporary:
            pd.DataFrame([fields]).to_csv(temporary, index=False)
        with atomic_path(folder / "fields.gpkg") as temporary:
            for name, table in self.layers.items():
                table.to_file(
                    temporary, layer=name, driver="GPKG", geometry_type="Unknown"
                )
                embed_style(temporary, name, single_outline(_COLOURS[name]))


def evaluate_map(
    map_path: str | os.PathLike[str],
    truth_path: str | os.PathLike[str],
    where: str | None = None,
    min_cover: float = 0.5,
    area_path: str | os.PathLike[str] | None = None,
    layer: str | None = None,
) -> MapEvaluation:
    """Compare a map with the true fields.

    A class raster counts inside its valid pixels, a map of polygons inside the
    area (without one, wherever the truth reaches). True fields are cut to what is
    evaluated; of what is left of one, less than a hundredth of a m² is nothing. A true
    field is a hit if at least ``min_cover`` of it is mapped; a mapped one is a false
    alarm if less than ``min_cover`` of it is true. Fields of a raster are 4-connected,
    as the polygons that are written with it. Areas of fields that overlap count once.

    Args:
        map_path: Raster of classes (0 none, 1 target, 2 error, 3 both, 255
            no-data), or polygons, which may be none.
        truth_path: Polygons, in any CRS.
        where: Attribute filter on the truth, in SQL.
        min_cover: Share in (0, 1].
        area_path: Polygons of the area to evaluate, or a raster, whose valid pixels
            it is.
        layer: Layer of the truth; needed if there are several.

    Raises:
        UserError: A file can't be read, ``min_cover`` is out of range, the raster
            is no class raster or has no CRS, or nothing is left to evaluate.
    """
    if not 0 < min_cover <= 1:
        raise UserError(f"--min-cover: is {min_cover}, expected more than 0, at most 1")
    map_path = Path(map_path)
    for path in (map_path, truth_path, area_path):
        if path is not None and not Path(path).is_file():
            raise UserError(f"{path}: no such file")
    truth = VectorLabels(Path(truth_path), layer, where)
    if truth.note:
        print(f"{truth_path}: {truth.note}")
    area = read_area(Path(area_path)) if area_path else None
    if map_path.suffix.lower() not in VECTOR_SUFFIXES:
        return _evaluate_raster(map_path, truth, area, min_cover)
    return _evaluate_polygons(map_path, truth, area, min_cover)


def _evaluate_polygons(
    path: Path,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    min_cover: float,
) -> MapEvaluation:
    whole, source = _read_map(path)
    mapped = _cut(whole, area)
    fields = _cut(_in_crs(truth.polygons, mapped.crs), area)
    channels = {}
    if source is not None:
        of = source.loc[mapped.index]
        channels = {
            name: mapped[of.isin([name, "both"])] for name in ("target", "error")
        }
    true_shape, total = fields.union_all(), 0
    if area is not None:
        total = _small_pixels(_in_crs(area, mapped.crs).union_all(), mapped.crs)
    # A polygon of both channels doesn't say which of its pixels are whose.
    union = _confusion(mapped.union_all(), true_shape, mapped.crs, total)
    pixels = {"union": union}
    return _evaluate_fields(
        pixels, mapped, channels, fields, min_cover, len(truth.polygons)
    )


def _read_map(path: Path) -> tuple[geopandas.GeoSeries, pd.Series | None]:
    """A map's polygons, and which channels they are of, if it says so."""
    table = read_vector(path)
    if len(table) == 0 and table.crs is not None:
        # Nothing was found, which is a map, too.
        return table.geometry, table.get("source")
    labels = VectorLabels(path)
    return labels.polygons, labels.attributes.get("source")


def _confusion(
    mapped: shapely.Geometry, truth: shapely.Geometry, crs: object, total: int
) -> Confusion:
    tp, found, true = (
        _small_pixels(shape, crs)
        for shape in (mapped.intersection(truth), mapped, truth)
    )
    negative = total - (found + true - tp) if total else 0
    return Confusion(tp=tp, fp=found - tp, fn=true - tp, tn=negative)


def _small_pixels(shape: shapely.Geometry, crs: object) -> int:
    series = geopandas.GeoSeries([shape], crs=crs)
    return round(float(ground_area(series)[0]) * _PER_SQUARE_METRE)


def _evaluate_raster(
    path: Path,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    min_cover: float,
) -> MapEvaluation:
    with open_scene(path) as raster, tempfile.TemporaryDirectory() as folder:
        if raster.crs is None:
            raise UserError(f"{path}: has no coordinate system, expected one")
        area = None if area is None else _in_crs(area, raster.crs)
        layers = Path(folder) / "layers.tif"
        pixels = _count_pixels(raster, truth, area, layers)
        mapped, excluded, *parts = (
            polygons_of_band(layers, band) for band in (1, 2, 3, 4)
        )
        extent = geopandas.GeoSeries([box(*raster.bounds)], crs=raster.crs)
    fields = _cut(_in_crs(truth.polygons, extent.crs), extent)
    if len(excluded):
        fields = _with_area(fields.difference(excluded.union_all()))
    channels = dict(zip(("target", "error"), parts, strict=True))
    return _evaluate_fields(
        pixels, mapped, channels, fields, min_cover, len(truth.polygons)
    )


def _count_pixels(
    raster: DatasetReader,
    truth: VectorLabels,
    area: geopandas.GeoSeries | None,
    layers: Path,
) -> dict[str, Confusion]:
    """Count window by window; leave rasters of what is what in ``layers``.

    Its bands are the union, what is excluded, and the channels target and error.
    """
    pixels = dict.fromkeys(CHANNEL_CODES, Confusion())
    with (
        truth.open(raster) as labels,
        rasterio.open(layers, "w", **mask_profile(raster, bands=4)) as written,
    ):
        for window in tqdm(list(blocks(raster)), desc="Pixels", unit="window"):
            codes = raster.read(1, window=window)
            strange = np.setdiff1d(codes, _CODES)
            if strange.size:
                raise UserError(
                    f"{raster.name}: holds the value {strange[0]}, expected classes "
                    "0, 1, 2, 3 and 255"
                )
            target = labels.read(window)
            target[codes == NODATA] = IGNORE
            if area is not None:
                outside = geometry_mask(
                    area,
                    out_shape=codes.shape,
                    transform=window_transform(window, raster.transform),
                )
                target[outside] = IGNORE
            for channel, wanted in CHANNEL_CODES.items():
                pixels[channel] += confusion(np.isin(codes, wanted), target)
            excluded = target == IGNORE
            union, first, second = (
                np.isin(codes, CHANNEL_CODES[name]) & ~excluded
                for name in ("union", "target", "error")
            )
            bands = np.stack([union, excluded, first, second])
            written.write(bands.astype(np.uint8), window=window)
    if not any(vars(pixels["union"]).values()):
        raise UserError(f"{raster.name}: no valid pixel in the area to evaluate")
    return pixels


def _in_crs(polygons: geopandas.GeoSeries, crs: object) -> geopandas.GeoSeries:
    # What was valid may cross itself where corners come close in another system.
    return valid_polygons(polygons.to_crs(crs))


def _cut(
    polygons: geopandas.GeoSeries, area: geopandas.GeoSeries | None
) -> geopandas.GeoSeries:
    if area is None:
        return polygons
    inside = _in_crs(area, polygons.crs).union_all()
    return _with_area(polygons.intersection(inside))


def _with_area(polygons: geopandas.GeoSeries) -> geopandas.GeoSeries:
    """Without what a cut only grazed, as of fields that end where the area does."""
    polygons = polygons[shapely.area(polygons.values) > 0]
    return polygons[ground_area(polygons) >= 1 / _PER_SQUARE_METRE]


def _evaluate_fields(
    pixels: dict[str, Confusion],
    mapped: geopandas.GeoSeries,
    channels: dict[str, geopandas.GeoSeries],
    truth: geopandas.GeoSeries,
    min_cover: float,
    number: int,
) -> MapEvaluation:
    true_table, mapped_table = _table(truth, mapped), _table(mapped, truth)
    found = true_table["cover"] >= min_cover
    correct = mapped_table["cover"] >= min_cover
    hits, misses = true_table[found].copy(), true_table[~found].copy()
    false_alarms = mapped_table[~correct].copy()
    hits["source"] = _sources(hits, channels, min_cover)
    misses["source"] = ""
    false_alarms["source"] = _sources(false_alarms, channels, _ANY)
    return MapEvaluation(
        pixels=pixels,
        objects=ObjectCounts(
            len(truth), int(found.sum()), len(mapped), int(correct.sum())
        ),
        true_area=_united_area(truth),
        mapped_area=_united_area(mapped),
        outside=number - len(truth),
        layers={"hits": hits, "misses": misses, "false_alarms": false_alarms},
    )


def _united_area(polygons: geopandas.GeoSeries) -> float:
    """m² that polygons cover, overlaps once."""
    return float(ground_area(_disjoint(polygons)[0]).sum())


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


def covered_share(
    polygons: geopandas.GeoSeries, others: geopandas.GeoSeries
) -> np.ndarray:
    """Share of each polygon that the others cover together, in [0, 1].

    Args:
        polygons: N polygons.
        others: In the same CRS; they may overlap.

    Returns:
        (N,) float64.
    """
    covered = np.zeros(len(polygons))
    if len(polygons) and len(others):
        left, owner = _pieces(polygons.to_numpy())
        _, right = _disjoint(others)
        first, second = shapely.STRtree(right).query(left, predicate="intersects")
        overlap = shapely.area(shapely.intersection(left[first], right[second]))
        np.add.at(covered, owner[first], overlap)
    return np.minimum(covered / shapely.area(polygons.to_numpy()), 1.0)


def _disjoint(
    polygons: geopandas.GeoSeries,
) -> tuple[geopandas.GeoSeries, np.ndarray]:
    """Polygons of the same ground of which no two overlap, and their pieces."""
    # A union of a noisy map's thousands takes minutes, and there is nothing to unite.
    pieces, owner = _pieces(polygons.to_numpy())
    first, second = shapely.STRtree(pieces).query(pieces, predicate="intersects")
    pairs = owner[first] < owner[second]
    shared = shapely.intersection(pieces[first[pairs]], pieces[second[pairs]])
    if not shapely.area(shared).any():
        return polygons, pieces
    united = geopandas.GeoSeries([polygons.union_all()], crs=polygons.crs)
    united = united.explode(ignore_index=True)
    return united, _pieces(united.to_numpy())[0]


def _pieces(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut polygons until none has many corners, and say whose each piece is.

    What two polygons share takes as long as both have corners; a noisy map has one of
    a hundred thousand that meets ten thousand others.

    Returns:
        (M,) polygons and (M,) indices of what they were cut from.
    """
    owner = np.arange(len(polygons))
    done, owners = [polygons[:0]], [owner[:0]]
    while len(polygons):
        large = shapely.get_num_coordinates(polygons) > _MOST_CORNERS
        done.append(polygons[~large])
        owners.append(owner[~large])
        polygons, owner = polygons[large], owner[large]
        left, bottom, right, top = shapely.bounds(polygons).T
        wide = right - left > top - bottom
        x = np.where(wide, (left + right) / 2, right)
        y = np.where(wide, top, (bottom + top) / 2)
        halves = np.concatenate(
            [
                shapely.box(left, bottom, x, y),
                shapely.box(
                    np.where(wide, x, left), np.where(wide, bottom, y), right, top
                ),
            ]
        )
        cut = shapely.intersection(np.tile(polygons, 2), halves)
        polygons, index = shapely.get_parts(cut, return_index=True)
        owner = np.tile(owner, 2)[index]
        kept = shapely.area(polygons) > 0
        polygons, owner = polygons[kept], owner[kept]
    return np.concatenate(done), np.concatenate(owners)
