"""Scenes with their labels, and what those of one store must have in common."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import rasterio

from mmext.checked import Count, Finite
from mmext.errors import UserError
from mmext.location import Location, absolute
from mmext.machine import total_memory
from mmext.raster.pixel_size import ground_pixel_sides, oblong_note
from mmext.raster.scene_reader import (
    SceneReader,
    open_image,
    open_scene,
    refuse_other_colours,
)

from .cutting_settings import NODATA_FROM_FILE, Cutting
from .labels import LabelSource

#: Scenes of one store may differ in pixel size by this share.
_PIXEL_SIZE_TOLERANCE = 0.01
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
    path: Location
    labels: LabelSource

    def __str__(self) -> str:
        return str(self.path)

    def for_all(self) -> "Scene":
        """The same by paths that don't depend on where a process was started."""
        return Scene(self.name, absolute(self.path), self.labels.for_all())


@contextlib.contextmanager
def open_reader(path: Location, cutting: Cutting) -> Iterator[SceneReader]:
    """A raster's pixels, by the bands and the no-data rule it is cut with."""
    with open_image(path, cutting.bands) as raster:
        yield SceneReader(raster, path, cutting.bands, cutting.nodata)


@dataclass(frozen=True)
class SceneFacts:
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


def describe(path: Location, cutting: Cutting) -> tuple[SceneFacts, list[str]]:
    """Read what a scene is like, and what a user should know of it.

    Args:
        path: The scene's raster.
        cutting: How it is going to be cut.

    Raises:
        UserError: The scene can't be read, or is too large to cut.
    """
    with open_reader(path, cutting) as reader:
        raster = reader.raster
        _refuse_absurd_size(reader, cutting)
        remarks = list(reader.notes())
        crs, size, sides = None, None, None
        if raster.crs is not None:
            step = raster.transform
            if not cutting.by_pixel:
                crs = raster.crs.to_wkt()
                size = [
                    float(np.hypot(step.a, step.d)),
                    float(np.hypot(step.b, step.e)),
                ]
            try:
                sides = ground_pixel_sides(raster.crs, step, *raster.shape)
            except UserError as error:
                raise UserError(f"{path}: {error}") from None
            if note := oblong_note(sides):
                remarks.append(note)
        if min(raster.shape) < cutting.tile_size:
            remarks.append(
                f"smaller than a tile of {cutting.tile_size} pixels: the rest of its "
                "tiles is no-data"
            )
        nodata = (
            raster.nodatavals[reader.indexes[0] - 1]
            if cutting.nodata == NODATA_FROM_FILE
            else cutting.nodata
        )
        facts = SceneFacts(
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
        return facts, remarks


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
    memory = total_memory()
    if strip > memory // 2:
        raise UserError(
            f"{reader.path}: {cutting.tile_size} rows of {width} pixels and "
            f"{len(reader.indexes)} bands need {strip / 1e9:.1f} GB of memory, "
            f"expected at most half of this machine's {memory / 1e9:.1f} GB"
        )


def refuse_difference(path: Location, found: SceneFacts, expected: SceneFacts) -> None:
    """Refuse a scene that does not fit the first one of its store.

    Raises:
        UserError: Bands, data type, CRS, scales, colours or pixel size differ.
    """
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
    # Without coordinate systems, scenes of any scale may be together.
    if found.crs and found.pixel_sides_m and expected.pixel_sides_m:
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


def common_pixel_size(sizes: Sequence[float | None]) -> float | None:
    """The ground size of a pixel in metres, if it is known and the same in all scenes.

    Scenes may differ in it where they are cut without their coordinate systems, which
    a line then says.
    """
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return None
    if max(known) / min(known) - 1 > _PIXEL_SIZE_TOLERANCE:
        print(
            f"pixels of {min(known):.3f} to {max(known):.3f} m in one store, which "
            "therefore says no pixel size"
        )
        return None
    return known[0]


@dataclass(frozen=True)
class SceneGrid:
    """Where a scene's pixels lie.

    Attributes:
        height: Rows.
        width: Columns.
        transform: Pixel to CRS coordinates, the first six coefficients.
    """

    height: Count
    width: Count
    transform: list[Finite]

    @classmethod
    def of(cls, path: Location, cutting: Cutting) -> "SceneGrid":
        """The grid of a scene's file, as it is cut."""
        with open_scene(path) as raster:
            placed = (
                rasterio.Affine.identity() if cutting.by_pixel else raster.transform
            )
            return cls(raster.height, raster.width, list(placed)[:6])
