"""Reading a scene as the network was trained to see it."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import MaskFlags, Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from mmext.datasets.band_statistics import BandStatistics, far_band
from mmext.errors import UserError
from mmext.location import Location
from mmext.raster.band_view import open_view, unmasking_bands
from mmext.raster.grid import has_place
from mmext.raster.pixel_size import ground_pixel_sides, oblong_note
from mmext.raster.scene_reader import SceneReader, open_image, refuse_other_colours

#: A scene's pixels may be this many times larger or smaller than the training's.
MAX_PIXEL_RATIO = 1.25
#: Of each so many rows and columns one is looked at.
_APART = 8


class SceneSource:
    """A scene in the bands and the pixel size of the training store.

    Args:
        raster: The scene, from :func:`~mmext.raster.scene_reader.open_image`.
        path: Its file, for messages.
        store: What the checkpoint knows of its training store.

    Raises:
        UserError: The scene has other bands, in another order, or another data type;
            or the store's means and deviations are of another number of bands.
    """

    def __init__(
        self, raster: DatasetReader | WarpedVRT, path: Location, store: dict[str, Any]
    ):
        self.raster = raster
        indexes = list(store["band_indexes"])
        if max(indexes) > raster.count:
            raise UserError(
                f"{path}: has {raster.count} bands, the model reads "
                f"{', '.join(map(str, indexes))}"
            )
        described = [raster.descriptions[index - 1] for index in indexes]
        trained = store.get("bands", described)
        if described != trained and set(described) == set(trained):
            raise UserError(
                f"{path}: bands {', '.join(map(str, described))}, the model was "
                f"trained on {', '.join(trained)} in this order"
            )
        # Scenes are read by the rule that the training scenes were cut by, and one
        # that says nothing of no-data is taken as they were.
        reader = SceneReader(raster, path, indexes, store.get("nodata_rule", "auto"))
        if reader.nodata == "auto" and reader.is_silent:
            value = store.get("nodata")
            if value is not None:
                reader = SceneReader(raster, path, indexes, value)
        self.reader = reader
        self._usual = store.get("mean"), store.get("std")
        for known in self._usual:
            if known is not None and len(known) != len(indexes):
                raise UserError(
                    f"{path}: the model's training store has means or deviations of "
                    f"{len(known)} bands, expected {len(indexes)}"
                )
        self._seen = BandStatistics(len(indexes))
        if reader.dtype != store["dtype"]:
            raise UserError(
                f"{path}: data type {reader.dtype}, the model was trained on "
                f"{store['dtype']}"
            )
        if reader.scales != store.get("scales", reader.scales):
            raise UserError(
                f"{path}: scales and offsets {reader.scales}, the model was trained on "
                f"{store['scales']}"
            )
        refuse_other_colours(
            path, reader.colours, store.get("colours", ()), "the model was trained on"
        )

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Pixels and validity of a window.

        Args:
            window: Inside the scene.

        Returns:
            (C, H, W) in the scene's dtype, 0 where invalid, as in the store; and
            (H, W) bool.

        Raises:
            UserError: The file is damaged there.
        """
        pixels, valid = self.reader.read(window)
        known = valid[::_APART, ::_APART]
        self._seen.add(BandStatistics.of(pixels[:, ::_APART, ::_APART][:, known].T))
        return pixels if valid.all() else np.where(valid, pixels, 0), valid

    def unlike_training(self) -> str | None:
        """What to say of pixels, as far as they were read, that no training had."""
        mean, deviation = self._usual
        if mean is None or deviation is None or self._seen.count == 0:
            return None
        far = far_band(self._seen.mean, mean, deviation)
        return far and (
            f"band {far[0]} lies {far[1]:.2g} standard deviations off the training's "
            "mean; is it from the same sensor, at the same scale?"
        )


@contextlib.contextmanager
def open_source(
    path: Location, store: dict[str, Any], resample: bool = False
) -> Iterator[SceneSource]:
    """Open a scene for a model.

    Args:
        path: Any raster that GDAL reads, on this machine or elsewhere.
        store: What the checkpoint knows of its training store.
        resample: Bring the scene to the training pixel size (averaging when it gets
            coarser) instead of refusing another one.

    Raises:
        UserError: The scene can't be read or does not fit the model, or nobody knows
            how to resample it.
    """
    with contextlib.ExitStack() as stack:
        raster = stack.enter_context(open_image(path, store["band_indexes"]))
        trained = store.get("pixel_size_m")
        source = SceneSource(raster, path, store)
        notes = source.reader.notes()
        sides = _pixel_sides(raster, path)
        size = sides and math.sqrt(math.prod(sides))
        if sides and (note := oblong_note(sides)):
            notes.append(f"{note}; gdalwarp -tr brings it to others")
        if size is None or not trained:
            if resample:
                without = "the scene" if size is None else "the model's training"
                raise UserError(
                    f"{path}: --resample needs the size of a pixel in metres, "
                    f"{without} has none"
                )
            notes.append(_unknown_size(raster, size))
        elif resample:
            plain = stack.enter_context(_unmasked(source.reader))
            warped = stack.enter_context(_resampled(plain, size / trained))
            source = SceneSource(warped, path, store)
        elif not 1 / MAX_PIXEL_RATIO < size / trained < MAX_PIXEL_RATIO:
            raise UserError(
                f"{path}: pixels of {size:.3g} m, the model was trained on "
                f"{trained:.3g} m; --resample brings the scene to that"
            )
        for note in notes:
            print(f"{path}: {note}")
        yield source


def _pixel_sides(raster: DatasetReader, path: Location) -> tuple[float, float] | None:
    """Width and height of a pixel in metres; None where there is no CRS."""
    if raster.crs is None:
        return None
    try:
        return ground_pixel_sides(raster.crs, raster.transform, *raster.shape)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _unknown_size(raster: DatasetReader, size: float | None) -> str:
    """What a user should know where pixel sizes can't be compared."""
    if size is not None:
        return (
            f"pixels of {size:.3g} m; the model was trained on images without a pixel "
            "size, so nothing tells whether it knows fields of this size"
        )
    unit, lies = "squares of its transform's unit", ""
    if not has_place(raster):
        unit, lies = "pixels", " and lies nowhere on the Earth"
    return (
        f"has no coordinate system{lies}: areas and --min-area are {unit}, not m², and "
        "its pixel size isn't compared with the training's"
    )


@contextlib.contextmanager
def _unmasked(reader: SceneReader) -> Iterator[DatasetReader]:
    """The scene without alpha flags on bands that are read: a warp masks by them."""
    if "alpha" not in reader.colours:
        yield reader.raster
        return
    bands = unmasking_bands(reader.raster, reader.indexes)
    with open_view(reader.raster, bands) as view:
        yield view


def _resampled(raster: DatasetReader, ratio: float) -> WarpedVRT:
    width, height = (max(1, round(n * ratio)) for n in (raster.width, raster.height))
    scale = rasterio.Affine.scale(raster.width / width, raster.height / height)
    return WarpedVRT(
        raster,
        crs=raster.crs,
        transform=raster.transform * scale,
        width=width,
        height=height,
        resampling=Resampling.average if ratio < 1 else Resampling.bilinear,
        # A mask beside the bands is only carried over as an alpha band.
        add_alpha=any(
            MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
            for flags in raster.mask_flag_enums
        ),
    )
