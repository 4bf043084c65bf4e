"""Cutting scenes and their labels into a tile store."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window
from shapely.geometry import Polygon
from tqdm import tqdm

from mmext.datasets.tile_store import IGNORE
from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.geo.cutting_settings import NODATA_FROM_FILE, Cutting
from mmext.geo.labels import RasterLabels, VectorLabels
from mmext.geo.pixel_size import ground_pixel_size

DTYPES = ("uint8", "uint16", "float32")
#: Scenes of one store may differ in pixel size by this share.
_PIXEL_SIZE_TOLERANCE = 0.01


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
    first = _describe(scenes[0], cutting)
    for scene in scenes[1:]:
        _refuse_difference(scene.path, _describe(scene, cutting), first)
    places = {scene.name: _places(scene, first, cutting) for scene in scenes}
    number = sum(map(len, places.values()))
    if number == 0:
        raise UserError(
            f"{scenes[0].path}: no tile has valid pixels; if the file's no-data value "
            f"({first.nodata}) is wrong, give --nodata"
        )
    with atomic_path(out) as folder:
        writer = TileStoreWriter(
            folder, number, cutting.tile_size, len(first.indexes), np.dtype(first.dtype)
        )
        with tqdm(total=number, unit="tile", desc=f"Cutting {out.name}") as progress:
            for scene in scenes:
                _cut(scene, places[scene.name], first, cutting, writer, progress)
        return writer.finish(
            {
                "stride": cutting.step,
                "bands": list(first.names),
                "band_indexes": list(first.indexes),
                "nodata": first.nodata,
                "pixel_size": first.pixel_size,
                "pixel_size_m": first.pixel_size_m,
                "scenes": {scene.name: _scene_record(scene) for scene in scenes},
            },
            first.crs,
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


@dataclass(frozen=True)
class _Source:
    indexes: tuple[int, ...]
    names: tuple[str, ...]
    dtype: str
    crs: str | None
    pixel_size: list[float] | None
    pixel_size_m: float | None
    nodata: float | None


def _describe(scene: Scene, cutting: Cutting) -> _Source:
    with open_scene(scene.path) as raster:
        indexes = cutting.bands or tuple(
            index
            for index, kind in zip(raster.indexes, raster.colorinterp, strict=True)
            if kind is not rasterio.enums.ColorInterp.alpha
        )
        for index in indexes:
            if index not in raster.indexes:
                raise UserError(
                    f"{scene.path}: has {raster.count} bands, --bands asks for {index}"
                )
        dtypes = {raster.dtypes[index - 1] for index in indexes}
        if len(dtypes) > 1 or not dtypes <= set(DTYPES):
            raise UserError(
                f"{scene.path}: data type {', '.join(sorted(dtypes))}, expected one of "
                f"{', '.join(DTYPES)} for all bands"
            )
        crs, size, metres = None, None, None
        if raster.crs is not None:
            crs = raster.crs.to_wkt()
            size = [raster.transform.a, -raster.transform.e]
            metres = ground_pixel_size(
                raster.crs, raster.transform, raster.height, raster.width
            )
        nodata = raster.nodata if cutting.nodata == NODATA_FROM_FILE else cutting.nodata
        return _Source(
            indexes=tuple(indexes),
            names=tuple(
                raster.descriptions[index - 1] or f"band_{index}" for index in indexes
            ),
            dtype=dtypes.pop(),
            crs=crs,
            pixel_size=size,
            pixel_size_m=metres,
            nodata=None if nodata is None or np.isnan(nodata) else float(nodata),
        )


def _refuse_difference(path: Path, found: _Source, expected: _Source) -> None:
    for name in ("indexes", "dtype", "crs"):
        here, there = getattr(found, name), getattr(expected, name)
        if here != there:
            what = "bands" if name == "indexes" else name
            raise UserError(
                f"{path}: {what} {_short(here)}, the first scene has {_short(there)}"
            )
    if found.pixel_size_m and expected.pixel_size_m:
        ratio = found.pixel_size_m / expected.pixel_size_m
        if abs(ratio - 1) > _PIXEL_SIZE_TOLERANCE:
            raise UserError(
                f"{path}: pixels of {found.pixel_size_m:.3f} m, the first scene has "
                f"{expected.pixel_size_m:.3f} m"
            )


def _short(value: object) -> str:
    return str(value)[:60]


def _places(scene: Scene, source: _Source, cutting: Cutting) -> list[tuple[int, int]]:
    """Upper left corners of the tiles that are worth cutting."""
    with open_scene(scene.path) as raster:
        everywhere = _is_valid_everywhere(raster, source, cutting)
        kept = []
        for row in range(0, raster.height, cutting.step):
            strip = None if everywhere else _read_strip(raster, row, source, cutting)[1]
            for column in range(0, raster.width, cutting.step):
                if strip is not None:
                    valid = strip[:, column : column + cutting.tile_size].sum()
                    share = valid / cutting.tile_size**2
                    if share == 0 or share < cutting.min_valid:
                        continue
                kept.append((row, column))
        return kept


def _is_valid_everywhere(
    raster: DatasetReader, source: _Source, cutting: Cutting
) -> bool:
    if cutting.min_valid > 0 or source.dtype == "float32":
        return False
    if cutting.nodata != NODATA_FROM_FILE:
        return cutting.nodata is None
    return all(
        rasterio.enums.MaskFlags.all_valid in flags for flags in raster.mask_flag_enums
    )


def _cut(
    scene: Scene,
    places: list[tuple[int, int]],
    source: _Source,
    cutting: Cutting,
    writer: TileStoreWriter,
    progress: tqdm,
) -> None:
    size = cutting.tile_size
    with open_scene(scene.path) as raster, scene.labels.open(raster) as labels:
        target = 0
        transform = _drawing_transform(raster)
        for row in sorted({row for row, _ in places}):
            pixels, valid = _read_strip(raster, row, source, cutting)
            window = Window(0, row, raster.width, pixels.shape[0])
            mask = labels.read(window)
            mask[~valid] = IGNORE
            for _, column in (place for place in places if place[0] == row):
                tile_mask = _padded(mask[:, column : column + size], size, IGNORE)
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
        if target == 0:
            progress.write(f"{scene.path}: no target in it, by {scene.labels.path}")


def _read_strip(
    raster: DatasetReader, row: int, source: _Source, cutting: Cutting
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, W, C) and validity (h, W) of a strip of one tile's height."""
    height = min(cutting.tile_size, raster.height - row)
    window = Window(0, row, raster.width, height)
    try:
        pixels = raster.read(source.indexes, window=window)
        if cutting.nodata == NODATA_FROM_FILE:
            valid = raster.dataset_mask(window=window) > 0
        elif cutting.nodata is None:
            valid = np.ones(pixels.shape[1:], bool)
        else:
            valid = ~(pixels == source.nodata).all(axis=0)
    except RasterioIOError as error:
        raise UserError(
            f"{raster.name}: rows {row}–{row + height} can't be read ({error})"
        ) from None
    if pixels.dtype == np.float32:
        valid &= np.isfinite(pixels).all(axis=0)
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


@contextlib.contextmanager
def open_scene(path: Path) -> Iterator[DatasetReader]:
    """Open a raster for reading.

    Raises:
        UserError: There is none, or it can't be read.
    """
    try:
        raster = rasterio.open(path)
    except RasterioIOError as error:
        raise UserError(f"{path}: can't be read as a raster ({error})") from None
    with raster:
        yield raster
