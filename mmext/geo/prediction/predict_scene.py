"""From a scene to a map, in memory that does not grow with the scene."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import rasterio
import shapely
import torch
from rasterio.windows import Window
from tqdm import tqdm

from mmext.errors import UserError
from mmext.geo.ground_area import ground_area

from .class_codes import COLOURS, NODATA, class_codes
from .cog import StripRaster
from .polygon_file import LAYER, PolygonFile
from .polygons import MappedObject, StripPolygonizer
from .predictor import Predictor
from .scene_source import SceneSource, open_source
from .windows import PredictionWindow, window_rows

#: Stored value of a probability of 1; 255 is no-data.
PROBABILITY_STEPS = 250
#: Finished fields that are held before they go to disk.
_CHUNK = 2000
_COLUMNS = ("area_m2", "mean_prob", "max_prob", "source", "scene", "model")


@dataclass(frozen=True)
class PredictionSettings:
    """How a scene is mapped.

    Attributes:
        window: Largest side of what the network is given, in pixels.
        overlap: Pixels read around what is kept; None means the network's reach.
        flips: Average over the four mirror images of each window.
        float_probabilities: Store float32 instead of 250 steps in a byte.
        min_area: Smaller polygons are left out, in m².
        simplify: Tolerance in pixels; 0 keeps the pixels' edges.
        fill_holes: Close holes in polygons.
        where: Keep polygons for which this SQL condition on their columns holds.
        resample: Bring scenes to the training pixel size.
    """

    window: int = 512
    overlap: int | None = None
    flips: bool = False
    float_probabilities: bool = False
    min_area: float = 0.0
    simplify: float = 0.0
    fill_holes: bool = False
    where: str | None = None
    resample: bool = False


@dataclass(frozen=True)
class SceneResult:
    """What was written.

    Attributes:
        probability: COG, a band per channel.
        classes: COG of class codes with a colour table.
        polygons: GeoPackage with the layer ``fields``.
        objects: Number of polygons.
    """

    probability: Path
    classes: Path
    polygons: Path
    objects: int


def result_paths(scene: Path, out: Path) -> tuple[Path, Path, Path]:
    """Where a scene's probabilities, classes and polygons go."""
    return (
        out / f"{scene.stem}_probability.tif",
        out / f"{scene.stem}_class.tif",
        out / f"{scene.stem}.gpkg",
    )


def predict_scene(
    predictor: Predictor, scene: Path, out: Path, settings: PredictionSettings
) -> SceneResult:
    """Map one scene.

    Strips of windows are read in one thread and predicted in another; rasters are
    written strip by strip, and polygons leave memory when they are complete.

    Args:
        predictor: The network.
        scene: The raster.
        out: Folder for the results; those of an earlier call are replaced.
        settings: How.

    Raises:
        UserError: The scene can't be read or does not fit the model.
    """
    if not predictor.store:
        raise UserError(
            f"{predictor.path}: does not know its training store, expected a "
            "checkpoint of a TileDataset"
        )
    out.mkdir(parents=True, exist_ok=True)
    probability_path, class_path, polygon_path = result_paths(scene, out)
    with open_source(scene, predictor.store, settings.resample) as source:
        writer = _SceneWriter(predictor, scene, source, out, settings)
        try:
            _run(predictor, scene, source, writer, settings)
            writer.finish_polygons()
            writer.probabilities.save_as_cog(probability_path, "average")
            writer.classes.save_as_cog(class_path, "nearest")
            writer.polygons.save()
        except BaseException:
            for part in (writer.probabilities, writer.classes, writer.polygons):
                part.close()
            raise
    number = writer.polygons.number
    return SceneResult(probability_path, class_path, polygon_path, number)


def _run(
    predictor: Predictor,
    scene: Path,
    source: SceneSource,
    writer: "_SceneWriter",
    settings: PredictionSettings,
) -> None:
    raster, margin = source.raster, _margin(predictor, settings)

    def rows() -> Iterator[list[PredictionWindow]]:
        # Made anew for each use: a list of all windows would grow with the scene.
        return window_rows(
            raster.height,
            raster.width,
            settings.window,
            margin,
            predictor.multiple,
        )

    # One thread reads ahead while this one computes; GDAL and torch let go of the
    # interpreter lock.
    with (
        ThreadPoolExecutor(1) as reader,
        tqdm(total=sum(map(len, rows())), unit="window", desc=scene.stem) as progress,
    ):
        windows = (window for row in rows() for window in row)
        reads = _read_ahead(reader, source, windows)
        for row in rows():
            writer.begin_strip(row)
            for window in row:
                pixels, valid = next(reads)
                writer.add(window, _predict(predictor, pixels, settings), valid)
                progress.update()
            writer.end_strip()


def _margin(predictor: Predictor, settings: PredictionSettings) -> int:
    if settings.overlap is not None:
        return settings.overlap
    if predictor.reach is None:
        raise UserError(
            "--overlap: not given, and the network does not say how far it looks; 64 "
            "to 128 pixels are usual"
        )
    return predictor.reach


def _read_ahead(
    reader: ThreadPoolExecutor,
    source: SceneSource,
    windows: Iterator[PredictionWindow],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    pending = reader.submit(source.read, next(windows).read)
    for following in windows:
        current, pending = pending, reader.submit(source.read, following.read)
        yield current.result()
    yield pending.result()


def _predict(
    predictor: Predictor, pixels: np.ndarray, settings: PredictionSettings
) -> torch.Tensor:
    """(K, H, W) float32 probabilities of (C, H, W) pixels."""
    image = torch.from_numpy(pixels.astype(np.float32))[None]
    views: list[list[int]] = [[], [2], [3], [2, 3]] if settings.flips else [[]]
    total = sum(predictor.probabilities(image.flip(axes)).flip(axes) for axes in views)
    return (total / len(views))[0]


class _SceneWriter:
    """Takes windows in reading order and hands strips on to files and polygons."""

    def __init__(
        self,
        predictor: Predictor,
        scene: Path,
        source: SceneSource,
        out: Path,
        settings: PredictionSettings,
    ) -> None:
        self.predictor = predictor
        self.scene = scene
        self.settings = settings
        raster = source.raster
        self.transform, self.crs = raster.transform, raster.crs
        self.width = raster.width
        self.channels = predictor.channels
        as_float = settings.float_probabilities
        self.probabilities = StripRaster(
            out / f".{scene.stem}_probability.strips.tif",
            raster,
            self.channels,
            "float32" if as_float else "uint8",
            nodata=-1 if as_float else NODATA,
            scale=1 if as_float else 1 / PROBABILITY_STEPS,
        )
        self.classes = StripRaster(
            out / f".{scene.stem}_class.strips.tif",
            raster,
            ["class: 1 target, 2 error, 3 both"],
            "uint8",
            nodata=NODATA,
            colours=COLOURS,
        )
        self.polygons = PolygonFile(result_paths(scene, out)[2])
        self.polygonizer = StripPolygonizer(raster.transform)
        self.objects: list[MappedObject] = []

    def begin_strip(self, windows: list[PredictionWindow]) -> None:
        core = windows[0].core
        shape = (int(core.height), self.width)
        self.strip = Window(0, core.row_off, self.width, core.height)
        self.probability = np.zeros((len(self.channels), *shape), np.float32)
        self.codes = np.zeros(shape, np.uint8)
        self.invalid = np.zeros(shape, bool)

    def add(
        self, window: PredictionWindow, probabilities: torch.Tensor, valid: np.ndarray
    ) -> None:
        rows, columns = window.crop
        kept, valid = probabilities[:, rows, columns], valid[rows, columns]
        decision = self.predictor.decide(kept[None])
        left = int(window.core.col_off)
        place = slice(left, left + int(window.core.width))
        self.probability[:, :, place] = kept.numpy()
        self.invalid[:, place] = ~valid
        self.codes[:, place] = class_codes(
            decision["mask"][0].numpy(),
            {name: mask[0].numpy() for name, mask in decision["channels"].items()},
            valid,
        )

    def end_strip(self) -> None:
        if self.settings.float_probabilities:
            stored = np.where(self.invalid, np.float32(-1), self.probability)
        else:
            steps = np.rint(self.probability * PROBABILITY_STEPS)
            stored = np.where(self.invalid, NODATA, steps).astype(np.uint8)
        self.probabilities.write(stored, self.strip)
        self.classes.write(self.codes[None], self.strip)
        highest = self.probability.max(axis=0)
        self.objects += self.polygonizer.add(self.codes, highest)
        if len(self.objects) >= _CHUNK:
            self._flush()

    def finish_polygons(self) -> None:
        self.objects += self.polygonizer.finish()
        self._flush()

    def _flush(self) -> None:
        table = object_table(
            self.objects,
            self.crs,
            self.settings,
            pixel=abs(self.transform.a),
            scene=self.scene.stem,
            model=f"{self.predictor.path.name} {self.predictor.sha256[:12]}",
        )
        self.polygons.add(select(table, self.settings.where))
        self.objects = []


def object_table(
    objects: list[MappedObject],
    crs: rasterio.CRS | None,
    settings: PredictionSettings,
    pixel: float,
    scene: str,
    model: str,
) -> geopandas.GeoDataFrame:
    """Objects as rows, cleaned as the settings say.

    Args:
        objects: The objects of a scene.
        crs: The scene's CRS; without one areas are in pixels.
        settings: Holes, simplification, smallest area.
        pixel: Side of a pixel in CRS units.
        scene: Its name.
        model: The model's name and hash.
    """
    shapes = geopandas.GeoSeries([item.geometry for item in objects], crs=crs)
    if settings.fill_holes:
        shapes = shapes.apply(_without_holes)
    if settings.simplify:
        shapes = shapes.simplify(settings.simplify * pixel)
    area = shapes.area.to_numpy() if crs is None else ground_area(shapes)
    table = geopandas.GeoDataFrame(
        {
            "area_m2": area.round(2),
            "mean_prob": [round(item.mean_prob, 4) for item in objects],
            "max_prob": [round(item.max_prob, 4) for item in objects],
            "source": [item.source for item in objects],
            "scene": scene,
            "model": model,
        },
        columns=list(_COLUMNS),
        geometry=shapes,
        crs=crs,
    )
    return table[table["area_m2"] >= settings.min_area].reset_index(drop=True)


def select(table: geopandas.GeoDataFrame, where: str | None) -> geopandas.GeoDataFrame:
    """Rows for which an SQL condition holds, by GDAL's own reading of it.

    Args:
        table: The fields.
        where: The condition, on their columns; None keeps all.

    Raises:
        UserError: The condition is not one.
    """
    if where is None or len(table) == 0:
        return table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fields.gpkg"
        table.to_file(path, layer=LAYER)
        try:
            return geopandas.read_file(path, layer=LAYER, where=where)
        except (ValueError, pyogrio.errors.FeatureError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"--where {where!r}: {reason}") from None


def _without_holes(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
