"""Cutting scenes and their labels into a tile store."""

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.io import DatasetReader
from rasterio.windows import Window
from shapely.geometry import Polygon
from tqdm import tqdm

from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.pixel_values import IGNORE
from mmext.raster.pixel_size import ground_pixel_sides
from mmext.raster.scene_reader import (
    NodataRule,
    SceneReader,
    open_image,
    open_scene,
    refuse_other_colours,
)

from .cutting_settings import NODATA_FROM_FILE, Cutting
from .labels import RasterLabels, VectorLabels
from .notes import Notes

#: Scenes of one store may differ in pixel size by this share.
_PIXEL_SIZE_TOLERANCE = 0.01
#: Pixels may be longer than wide by this factor before it is said.
_SQUARE = 1.05
#: The most tiles that a scene may be cut into: terabytes at any usual size.
_MAX_TILES = 10**8


@dataclass(frozen=True)
class Scene:
    """A raster and what is target in it.

    Attributes:
        name: Name in the store.
        path: The raster.
        labels: Its labels, maybe shared with other scenes.
    """

    name: str
    path: Path
    labels: VectorLabels | RasterLabels


@dataclass(frozen=True)
class _Source:
    """What the scenes of a store must have in common, or of one scene."""

    indexes: tuple[int, ...]
    names: tuple[str, ...]
    colours: tuple[str, ...]
    scales: list[list[float]]
    dtype: str
    crs: str | None
    pixel_size: list[float] | None
    pixel_sides_m: tuple[float, float] | None
    nodata: float | None

    @property
    def pixel_size_m(self) -> float | None:
        """Geometric mean of a pixel's sides on the ground."""
        return self.pixel_sides_m and float(np.sqrt(np.prod(self.pixel_sides_m)))


def cut_scenes(
    scenes: Sequence[Scene],
    out: str | os.PathLike[str],
    cutting: Cutting,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a tile store.

    Tiles start at a scene's upper left corner and cover all of it; what reaches
    beyond its edge, and what is no-data, is 255 in the mask and 0 in the image. Of
    a scene only a strip of one tile's height is in memory.

    Args:
        scenes: The scenes. All must agree in bands, data type, CRS and pixel size.
        out: The store's folder.
        cutting: How to cut.
        overwrite: Replace a store that is there. Nothing else is ever replaced.

    Returns:
        The content of ``store.json``.

    Raises:
        UserError: A scene can't be read or does not fit the others, or ``out`` is
            there already.
    """
    out = Path(out)
    _refuse_to_replace(out, overwrite)
    notes = Notes()
    left_out = {"empty": 0, "few": 0}
    with atomic_path(out, alone=True) as folder:
        meta = _write_store(scenes, folder, out, cutting, notes, left_out)
        _refuse_to_replace(out, overwrite)
    if cutting.step > cutting.tile_size:
        print(
            f"stride {cutting.step} with tiles of {cutting.tile_size} pixels: "
            f"{cutting.step - cutting.tile_size} pixels between tiles are not cut"
        )
    for line in notes.lines():
        print(line)
    if left_out["empty"]:
        print(f"{left_out['empty']} tiles left out: no valid pixel")
    if left_out["few"]:
        print(
            f"{left_out['few']} tiles left out: fewer than {cutting.min_valid:.0%} of "
            "their pixels valid (--min-valid)"
        )
    return meta


def _write_store(
    scenes: Sequence[Scene],
    folder: Path,
    out: Path,
    cutting: Cutting,
    notes: Notes,
    left_out: dict[str, int],
) -> dict[str, Any]:
    first = _describe(scenes[0], cutting, notes)
    for scene in scenes[1:]:
        _refuse_difference(scene.path, _describe(scene, cutting, notes), first)
    places = {scene.name: _places(scene, cutting, left_out) for scene in scenes}
    number = sum(map(len, places.values()))
    if number == 0:
        raise UserError(_nothing_to_cut(scenes[0], first, cutting, left_out))
    _refuse_stray_labels(scenes)
    writer = TileStoreWriter(
        folder, number, cutting.tile_size, len(first.indexes), np.dtype(first.dtype)
    )
    labelled: dict[Path, int] = {}
    with tqdm(total=number, unit="tile", desc=f"Cutting {out.name}") as progress:
        for scene in scenes:
            known, target = _cut(scene, places[scene.name], cutting, writer, progress)
            path = scene.labels.path
            labelled[path] = labelled.get(path, 0) + known
            if target == 0:
                notes.add(scene.path, "no target in it, by its labels")
    for path, known in labelled.items():
        if known == 0:
            raise UserError(f"{path}: labels no pixel of its scenes")
    return writer.finish(
        {
            "stride": cutting.step,
            "bands": list(first.names),
            "band_indexes": list(first.indexes),
            "colours": list(first.colours),
            "scales": first.scales,
            "nodata": first.nodata,
            "nodata_rule": _rule(cutting.nodata),
            "pixel_size": first.pixel_size,
            "pixel_size_m": first.pixel_size_m,
            "scenes": {scene.name: _scene_record(scene) for scene in scenes},
        },
        first.crs,
    )


def _rule(nodata: NodataRule) -> NodataRule:
    # Whatever is not a number is invalid anyway, and JSON has no NaN.
    return None if isinstance(nodata, float) and np.isnan(nodata) else nodata


def _nothing_to_cut(
    scene: Scene, source: _Source, cutting: Cutting, left_out: dict[str, int]
) -> str:
    if left_out["few"]:
        return (
            f"--min-valid: is {cutting.min_valid:g}, and none of {left_out['few']} "
            f"tiles with valid pixels has that share; a tile is {cutting.tile_size} "
            "pixels a side"
        )
    return (
        f"{scene.path}: no tile has valid pixels; if the file's no-data value "
        f"({source.nodata}) is wrong, give --nodata"
    )


def _refuse_stray_labels(scenes: Sequence[Scene]) -> None:
    """Refuse polygons that lie on none of the scenes that they are for."""
    touched: dict[Path, bool] = {}
    for scene in scenes:
        if isinstance(scene.labels, VectorLabels):
            with open_scene(scene.path) as raster:
                near = scene.labels.number_on(raster) > 0
            path = scene.labels.path
            touched[path] = touched.get(path, False) or near
    for path, near in touched.items():
        if not near:
            names = [scene.path for scene in scenes if scene.labels.path == path]
            more = f" or {len(names) - 1} more" if len(names) > 1 else ""
            raise UserError(
                f"{path}: none of its polygons lies on {names[0]}{more}; is its "
                "coordinate system the right one?"
            )


def _refuse_to_replace(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not (out / "store.json").is_file():
        raise UserError(
            f"{out}: exists and is no tile store (no store.json), expected a new folder"
        )
    if not overwrite:
        raise UserError(f"{out}: exists already; --overwrite replaces it")


def _describe(scene: Scene, cutting: Cutting, notes: Notes) -> _Source:
    with _open(scene, cutting) as reader:
        raster = reader.raster
        _refuse_absurd_size(reader, cutting)
        for note in reader.notes():
            notes.add(scene.path, note)
        crs, size, sides = None, None, None
        if raster.crs is not None:
            crs = raster.crs.to_wkt()
            step = raster.transform
            size = [float(np.hypot(step.a, step.d)), float(np.hypot(step.b, step.e))]
            try:
                sides = ground_pixel_sides(raster.crs, step, *raster.shape)
            except UserError as error:
                raise UserError(f"{scene.path}: {error}") from None
            if max(sides) / min(sides) > _SQUARE:
                notes.add(
                    scene.path,
                    f"pixels aren't square, {sides[0]:.3g} m wide and {sides[1]:.3g} m "
                    "high",
                )
        if min(raster.shape) < cutting.tile_size:
            notes.add(
                scene.path,
                f"smaller than a tile of {cutting.tile_size} pixels: the rest of its "
                "tiles is no-data",
            )
        nodata = (
            raster.nodatavals[reader.indexes[0] - 1]
            if cutting.nodata == NODATA_FROM_FILE
            else cutting.nodata
        )
        return _Source(
            indexes=reader.indexes,
            names=reader.names,
            colours=reader.colours,
            scales=reader.scales,
            dtype=reader.dtype,
            crs=crs,
            pixel_size=size,
            pixel_sides_m=sides,
            nodata=None if nodata is None or np.isnan(nodata) else float(nodata),
        )


@contextlib.contextmanager
def _open(scene: Scene, cutting: Cutting) -> Iterator[SceneReader]:
    with open_image(scene.path, cutting.bands) as raster:
        yield SceneReader(raster, scene.path, cutting.bands, cutting.nodata)


def _refuse_absurd_size(reader: SceneReader, cutting: Cutting) -> None:
    height, width = reader.raster.shape
    tiles = -(-height // cutting.step) * -(-width // cutting.step)
    if tiles > _MAX_TILES:
        raise UserError(
            f"{reader.path}: {width} x {height} pixels are {tiles} tiles at a stride "
            f"of {cutting.step}, expected at most {_MAX_TILES}"
        )
    pixel = len(reader.indexes) * (np.dtype(reader.dtype).itemsize + 1) + 2
    strip = min(height, cutting.tile_size) * width * pixel
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if strip > memory // 2:
        raise UserError(
            f"{reader.path}: {cutting.tile_size} rows of {width} pixels and "
            f"{len(reader.indexes)} bands need {strip / 1e9:.1f} GB of memory, "
            f"expected at most half of this machine's {memory / 1e9:.1f} GB"
        )


def _refuse_difference(path: Path, found: _Source, expected: _Source) -> None:
    for name in ("indexes", "dtype", "crs", "scales"):
        here, there = getattr(found, name), getattr(expected, name)
        if here != there and not _same_crs(name, here, there):
            what = {"indexes": "bands", "scales": "scales and offsets"}.get(name, name)
            hint = ""
            if name == "indexes":
                common = sorted(set(here) & set(there))
                hint = f"; --bands {' '.join(map(str, common))} takes what both have"
            raise UserError(
                f"{path}: {what} {_short(here)}, the first scene has {_short(there)}"
                f"{hint}"
            )
    refuse_other_colours(path, found.colours, expected.colours, "the first scene's")
    if found.pixel_sides_m and expected.pixel_sides_m:
        for here, there in zip(
            found.pixel_sides_m, expected.pixel_sides_m, strict=True
        ):
            if abs(here / there - 1) > _PIXEL_SIZE_TOLERANCE:
                raise UserError(
                    f"{path}: pixels of {here:.3f} m, the first scene has {there:.3f} m"
                )


def _same_crs(name: str, here: str | None, there: str | None) -> bool:
    """Whether two texts say the same coordinate system in other words."""
    if name != "crs" or here is None or there is None:
        return False
    return rasterio.CRS.from_wkt(here) == rasterio.CRS.from_wkt(there)


def _short(value: object) -> str:
    return str(value)[:60]


def _places(
    scene: Scene, cutting: Cutting, left_out: dict[str, int]
) -> list[tuple[int, int]]:
    """Upper left corners of the tiles that are worth cutting."""
    with _open(scene, cutting) as reader:
        height, width = reader.raster.shape
        # With a share asked for, padding counts as well.
        everywhere = reader.is_valid_everywhere and cutting.min_valid == 0
        kept = []
        for row in range(0, height, cutting.step):
            strip = None if everywhere else _read_strip(reader, row, cutting)[1]
            for column in range(0, width, cutting.step):
                if strip is not None:
                    valid = strip[:, column : column + cutting.tile_size].sum()
                    share = valid / cutting.tile_size**2
                    if share == 0 or share < cutting.min_valid:
                        left_out["few" if share else "empty"] += 1
                        continue
                kept.append((row, column))
        return kept


def _cut(
    scene: Scene,
    places: list[tuple[int, int]],
    cutting: Cutting,
    writer: TileStoreWriter,
    progress: tqdm,
) -> tuple[int, int]:
    """Cut a scene; gives the labelled pixels in its tiles, and those of target."""
    size = cutting.tile_size
    labelled, target = 0, 0
    with (
        _open(scene, cutting) as reader,
        open_scene(scene.path) as raster,
        scene.labels.open(raster) as labels,
    ):
        transform = _drawing_transform(raster)
        for row, group in itertools.groupby(places, lambda place: place[0]):
            pixels, valid = _read_strip(reader, row, cutting)
            mask = labels.read(Window(0, row, raster.width, pixels.shape[0]))
            mask[~valid] = IGNORE
            for _, column in group:
                tile_mask = _padded(mask[:, column : column + size], size, IGNORE)
                labelled += int((tile_mask != IGNORE).sum())
                target += int((tile_mask == 1).sum())
                writer.add(
                    _padded(pixels[:, column : column + size], size, 0),
                    tile_mask,
                    scene.name,
                    row,
                    column,
                    _footprint(transform, row, column, size),
                )
                progress.update()
    return labelled, target


def _read_strip(
    reader: SceneReader, row: int, cutting: Cutting
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, W, C) and validity (h, W) of a strip of one tile's height."""
    height = min(cutting.tile_size, reader.raster.height - row)
    pixels, valid = reader.read(Window(0, row, reader.raster.width, height))
    return pixels.transpose(1, 2, 0), valid


def _padded(array: np.ndarray, size: int, fill: int) -> np.ndarray:
    below, right = size - array.shape[0], size - array.shape[1]
    extra = [(0, below), (0, right)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, extra, constant_values=fill)


def _drawing_transform(raster: DatasetReader) -> rasterio.Affine:
    # Without a CRS, rows go down: minus the row keeps images upright in a GIS.
    return raster.transform if raster.crs else rasterio.Affine.scale(1, -1)


def _footprint(transform: rasterio.Affine, row: int, column: int, size: int) -> Polygon:
    corners = [(0, 0), (size, 0), (size, size), (0, size)]
    return Polygon([transform * (column + x, row + y) for x, y in corners])


def _scene_record(scene: Scene) -> dict[str, Any]:
    with open_scene(scene.path) as raster:
        return {
            "path": str(scene.path),
            "height": raster.height,
            "width": raster.width,
            "transform": list(raster.transform)[:6],
        }
