"""What is target in a scene, from a label raster."""

import contextlib
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from mmext.errors import UserError
from mmext.location import Location
from mmext.pixel_values import IGNORE
from mmext.raster.scene_reader import open_scene

#: A mask holds few values; a class map may hold some hundred.
_MAX_VALUES = 1 << 16


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
        ignored: Values that mean ignore, beside those that the file says; with
            ``values`` only.
        known: All values that it may hold; None means any.
        band: The band that holds them; None means that all bands do.

    Raises:
        UserError: The file can't be read, has bands that differ, or its values are
            not those of a mask, or not known.
    """

    def __init__(
        self,
        path: Location,
        values: Sequence[int] | None = None,
        ignored: Collection[int] = (),
        known: Collection[int] | None = None,
        band: int | None = None,
    ) -> None:
        self.path = path
        #: The band that is read.
        self.band = band or 1
        with open_scene(path) as raster:
            nodata, found = raster.nodata, _values(raster, band)
        if known is not None and not found <= set(known):
            raise UserError(
                f"{path}: holds the values {_list(sorted(found - set(known)))}, "
                f"expected only {_list(sorted(known))}"
            )
        self.ignored: set[float] = set(ignored)
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
    def open(
        self, scene: DatasetReader, by_pixel: bool = False
    ) -> Iterator["MappedValues"]:
        """The labels on a scene's grid.

        Args:
            scene: The scene.
            by_pixel: Whether pixels of one row and column belong together, whatever
                the files say of where they lie.

        Raises:
            UserError: Neither georeference nor size say how the two lie.
        """
        with open_scene(self.path) as raster:
            if by_pixel or raster.crs is None or scene.crs is None:
                if raster.shape != scene.shape:
                    how = "paired by pixel" if by_pixel else "without georeference"
                    raise UserError(
                        f"{self.path}: is {raster.width} x {raster.height} {how}, the "
                        f"scene {scene.name} is {scene.width} x {scene.height}"
                    )
                yield MappedValues(raster, self.values, self.ignored, None, self.band)
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
                yield MappedValues(warped, self.values, self.ignored, alpha, self.band)


class MappedValues:
    """A label raster's values as a mask, on a scene's grid.

    Args:
        raster: On that grid.
        values: Those that mean target.
        ignored: Those that mean ignore, as not-a-number does.
        alpha: The band that says where the raster is; None means everywhere.
        band: The band that holds the values.
    """

    def __init__(
        self,
        raster: DatasetReader | WarpedVRT,
        values: set[int],
        ignored: set[float],
        alpha: int | None,
        band: int = 1,
    ) -> None:
        self.raster = raster
        self.values = values
        self.ignored = ignored
        self.alpha = alpha
        self.band = band

    def read(self, window: Window) -> np.ndarray:
        """(H, W) uint8 in {0, 1, 255} of a window of the scene."""
        source = _read(self.raster, self.band, window)
        mask = np.isin(source, list(self.values)).astype(np.uint8)
        mask[np.isin(source, list(self.ignored)) | np.isnan(source)] = IGNORE
        if self.alpha is not None:
            mask[_read(self.raster, self.alpha, window) == 0] = IGNORE
        return mask


def _values(raster: DatasetReader, band: int | None = None) -> set[float]:
    """The values that a mask holds; not a number is none.

    Args:
        raster: The mask.
        band: The only band that is looked at; None means that all must agree.

    Raises:
        UserError: The file is damaged, has bands that differ, or is no mask.
    """
    if raster.dtypes[0].startswith("complex"):
        raise UserError(f"{raster.name}: holds {raster.dtypes[0]}, expected a mask")
    if band is None:
        bands = [
            index
            for index, kind in zip(raster.indexes, raster.colorinterp, strict=True)
            if kind is not ColorInterp.alpha
        ]
    else:
        bands = [band]
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
