"""What is target in a scene: from polygons or from a label raster."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import geopandas
import numpy as np
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from shapely.geometry import Polygon

from mmext.errors import UserError
from mmext.fileio.vector import read_vector
from mmext.pixel_values import IGNORE
from mmext.raster.scene_reader import open_scene
from mmext.raster.valid_polygons import valid_polygons

RASTER_SUFFIXES = {
    *(".tif", ".tiff", ".vrt", ".png", ".jp2", ".img", ".bmp", ".jpg", ".jpeg", ".gif")
}
#: A mask holds few values; a class map may hold some hundred.
_MAX_VALUES = 1 << 16


class SceneLabels(Protocol):
    """Labels on a scene's grid."""

    def read(self, window: Window) -> np.ndarray:
        """(H, W) uint8 in {0, 1, 255} of a window of the scene."""
        ...


class VectorLabels:
    """Polygons of the target.

    Args:
        path: Any vector file that GDAL reads.
        layer: Layer of it; needed if there are several.
        where: Attribute filter in SQL, such as ``crop = 'ginseng'``.
        all_touched: Burn every pixel that a polygon touches, not only those whose
            centre it covers.

    Raises:
        UserError: The file can't be read, has no CRS, or holds no polygons.
    """

    def __init__(
        self,
        path: Path,
        layer: str | None = None,
        where: str | None = None,
        all_touched: bool = False,
    ) -> None:
        self.path = path
        self.all_touched = all_touched
        table = read_vector(path, layer, where)
        if table.crs is None:
            raise UserError(f"{path}: has no coordinate system, expected one")
        read = len(table)
        table = table[~(table.geometry.is_empty | table.geometry.isna())]
        if len(table) == 0:
            condition = f" where {where}" if where else ""
            raise UserError(f"{path}: no features{condition}, expected polygons")
        kinds = set(table.geom_type) - {"Polygon", "MultiPolygon"}
        if kinds:
            raise UserError(
                f"{path}: holds {', '.join(sorted(kinds))}, expected only polygons"
            )
        self.polygons = valid_polygons(table.geometry)
        #: What was repaired or left out, for the user to see.
        self.note = _repairs(read, table.geometry, self.polygons)
        self._by_crs: dict[str, geopandas.GeoSeries] = {}
        if len(self.polygons) == 0:
            raise UserError(f"{path}: no polygon has an area, expected some")
        #: The polygons' attributes, in their order.
        self.attributes = table.drop(columns=table.geometry.name).loc[
            self.polygons.index
        ]

    @contextlib.contextmanager
    def open(self, scene: DatasetReader) -> Iterator[SceneLabels]:
        """The labels on a scene's grid.

        Raises:
            UserError: The scene has no CRS to bring the polygons to.
        """
        polygons = self._in_crs_of(scene)
        yield _BurntPolygons(polygons, scene.transform, self.all_touched)

    def number_on(self, scene: DatasetReader) -> int:
        """How many polygons touch a scene.

        Raises:
            UserError: The scene has no CRS to bring the polygons to.
        """
        outline = _outline(Window(0, 0, scene.width, scene.height), scene.transform)
        return len(self._in_crs_of(scene).sindex.query(outline, "intersects"))

    def _in_crs_of(self, scene: DatasetReader) -> geopandas.GeoSeries:
        if scene.crs is None:
            by_points = (
                " (only ground control points; gdalwarp brings it to a grid)"
                if scene.gcps[0]
                else ""
            )
            raise UserError(
                f"{scene.name}: has no coordinate system{by_points}, polygons need "
                "one; use mask images instead"
            )
        key = scene.crs.to_wkt()
        if key not in self._by_crs:
            polygons = self.polygons.to_crs(scene.crs)
            # What has no place in the scene's CRS doesn't lie on the scene.
            finite = np.isfinite(polygons.bounds.to_numpy()).all(axis=1)
            self._by_crs[key] = polygons[finite]
        return self._by_crs[key]


def _repairs(read: int, found: geopandas.GeoSeries, kept: geopandas.GeoSeries) -> str:
    counts = {
        "without a geometry left out": read - len(found),
        "without an area left out": len(found) - len(kept),
        "invalid and repaired": int((~found[kept.index].is_valid).sum()),
    }
    said = [f"{number} {what}" for what, number in counts.items() if number]
    return f"of {read} polygons {', '.join(said)}" if said else ""


class _BurntPolygons:
    def __init__(
        self,
        polygons: geopandas.GeoSeries,
        transform: rasterio.Affine,
        all_touched: bool,
    ) -> None:
        self.polygons = polygons
        self.transform = transform
        self.all_touched = all_touched

    def read(self, window: Window) -> np.ndarray:
        shape = (int(window.height), int(window.width))
        bounds = _outline(window, self.transform)
        near = self.polygons.iloc[self.polygons.sindex.query(bounds)]
        if len(near) == 0:
            return np.zeros(shape, np.uint8)
        return rasterize(
            near,
            out_shape=shape,
            transform=rasterio.windows.transform(window, self.transform),
            all_touched=self.all_touched,
            dtype=np.uint8,
        )


def _outline(window: Window, transform: rasterio.Affine) -> Polygon:
    """A window's outline, also on a turned grid."""
    left, top = window.col_off, window.row_off
    right, bottom = left + window.width, top + window.height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return Polygon([transform * corner for corner in corners])


class RasterLabels:
    """A label raster, on the scene's grid or another.

    Masks of 0 and 1, and of 0 and 255, are understood as they are; in masks of 0, 1
    and 255 the last means ignore; anything else needs ``values``. 0 is background
    even where the file calls it no-data, as masks made in a GIS often do; any other
    no-data value means ignore. A georeferenced raster is brought to the scene's grid
    by the nearest pixel, with 255 where it ends; without georeference it must have
    the scene's size.

    Args:
        path: Any raster file that GDAL reads.
        values: Values that mean target; None finds out.

    Raises:
        UserError: The file can't be read, has bands that differ, or its values are
            not those of a mask.
    """

    def __init__(self, path: Path, values: Sequence[int] | None = None) -> None:
        self.path = path
        with open_scene(path) as raster:
            nodata, found = raster.nodata, _values(raster)
        self.ignored: set[float] = set()
        if nodata is not None and nodata != 0:
            self.ignored.add(nodata)
            found.discard(nodata)
            if values is None and nodata in (1, IGNORE) and found <= {0}:
                raise UserError(
                    f"{path}: {nodata:g} is its no-data value and the only one beside "
                    "0; say which mean target with --label-values"
                )
        #: What was understood, for the user to see.
        self.note = ""
        if values is not None:
            self.values = set(values)
            self.ignored -= self.values
            if not self.values & found:
                self.note = "no pixel of --label-values"
        elif found <= {0, 1}:
            self.values = {1}
        elif found <= {0, 255}:
            self.values = {255}
            self.note = "values 0 and 255: 255 is target"
        elif found <= {0, 1, 255}:
            self.values = {1}
            self.ignored.add(255)
            self.note = "values 0, 1 and 255: 1 is target, 255 is ignored"
        else:
            raise UserError(
                f"{path}: holds the values {_list(sorted(found))}, expected 0 and 1 or "
                "0 and 255; say which mean target with --label-values"
            )

    @contextlib.contextmanager
    def open(self, scene: DatasetReader) -> Iterator[SceneLabels]:
        """The labels on a scene's grid.

        Raises:
            UserError: Neither georeference nor size say how the two lie.
        """
        with open_scene(self.path) as raster:
            if raster.crs is None or scene.crs is None:
                if raster.shape != scene.shape:
                    raise UserError(
                        f"{self.path}: is {raster.width} x {raster.height} without "
                        f"georeference, the scene {scene.name} is {scene.width} x "
                        f"{scene.height}"
                    )
                yield _MappedValues(raster, self.values, self.ignored, None)
                return
            with WarpedVRT(
                raster,
                crs=scene.crs,
                transform=scene.transform,
                width=scene.width,
                height=scene.height,
                resampling=Resampling.nearest,
                # The alpha band shall say where the raster ends, not where it is 0.
                src_nodata=None,
                add_alpha=ColorInterp.alpha not in raster.colorinterp,
            ) as warped:
                alpha = warped.count
                yield _MappedValues(warped, self.values, self.ignored, alpha)


class _MappedValues:
    def __init__(
        self,
        raster: DatasetReader | WarpedVRT,
        values: set[int],
        ignored: set[float],
        alpha: int | None,
    ) -> None:
        self.raster = raster
        self.values = values
        self.ignored = ignored
        self.alpha = alpha

    def read(self, window: Window) -> np.ndarray:
        source = _read(self.raster, 1, window)
        mask = np.isin(source, list(self.values)).astype(np.uint8)
        mask[np.isin(source, list(self.ignored)) | np.isnan(source)] = IGNORE
        if self.alpha is not None:
            mask[_read(self.raster, self.alpha, window) == 0] = IGNORE
        return mask


def read_labels(
    path: str | os.PathLike[str],
    layer: str | None = None,
    where: str | None = None,
    all_touched: bool = False,
    values: Sequence[int] | None = None,
) -> VectorLabels | RasterLabels:
    """Open labels, vector or raster by the file's suffix.

    Args:
        path: The file.
        layer: Layer of a vector file.
        where: Attribute filter of a vector file.
        all_touched: See :class:`VectorLabels`.
        values: See :class:`RasterLabels`.

    Raises:
        UserError: There is no such file, it can't be read, or an option does not
            go with its kind.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such label file")
    if path.suffix.lower() in RASTER_SUFFIXES:
        if layer or where:
            raise UserError(
                f"{path}: is a raster, --label-layer and --label-where are for polygons"
            )
        return RasterLabels(path, values)
    if values is not None:
        raise UserError(f"{path}: holds polygons, --label-values is for rasters")
    return VectorLabels(path, layer, where, all_touched)


def _values(raster: DatasetReader) -> set[float]:
    """The values that a mask holds; not a number is none.

    Raises:
        UserError: The file is damaged, has bands that differ, or is no mask.
    """
    if raster.dtypes[0].startswith("complex"):
        raise UserError(f"{raster.name}: holds {raster.dtypes[0]}, expected a mask")
    bands = [
        band
        for band, kind in zip(raster.indexes, raster.colorinterp, strict=True)
        if kind is not ColorInterp.alpha
    ]
    found: set[float] = set()
    for _, window in raster.block_windows(1):
        layers = _read(raster, bands, window)
        first = np.broadcast_to(layers[:1], layers.shape)
        if not np.array_equal(layers, first, equal_nan=True):
            raise UserError(
                f"{raster.name}: has {len(bands)} bands that differ, expected a mask "
                "of one"
            )
        found |= set(np.unique(layers[0]).tolist())
        if len(found) > _MAX_VALUES:
            raise UserError(
                f"{raster.name}: holds more than {_MAX_VALUES} values, expected a mask"
            )
    return {value for value in found if not np.isnan(value)}


def _read(
    raster: DatasetReader | WarpedVRT, bands: int | list[int], window: Window
) -> np.ndarray:
    try:
        return raster.read(bands, window=window)
    except RasterioError as error:
        raise UserError(f"{raster.name}: can't be read ({error})") from None


def _list(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:8])
    return shown + (", …" if len(values) > 8 else "")
