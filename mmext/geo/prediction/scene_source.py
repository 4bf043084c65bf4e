"""Reading a scene as the network was trained to see it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from mmext.errors import UserError
from mmext.geo.cutting import open_scene
from mmext.geo.pixel_size import ground_pixel_size

#: A scene's pixels may be this many times larger or smaller than the training's.
MAX_PIXEL_RATIO = 1.25


class SceneSource:
    """A scene in the bands and the pixel size of the training store.

    Args:
        raster: The scene, open.
        store: What the checkpoint knows of its training store.

    Raises:
        UserError: The scene has other bands, in another order, or another data type.
    """

    def __init__(self, raster: DatasetReader | WarpedVRT, store: dict[str, Any]):
        self.raster = raster
        self.indexes = list(store["band_indexes"])
        if max(self.indexes) > raster.count:
            raise UserError(
                f"{raster.name}: has {raster.count} bands, the model reads "
                f"{', '.join(map(str, self.indexes))}"
            )
        described = [raster.descriptions[index - 1] for index in self.indexes]
        trained = store.get("bands", described)
        if described != trained and set(described) == set(trained):
            raise UserError(
                f"{raster.name}: bands {', '.join(map(str, described))}, the model was "
                f"trained on {', '.join(trained)} in this order"
            )
        dtypes = {raster.dtypes[index - 1] for index in self.indexes}
        if dtypes != {store["dtype"]}:
            raise UserError(
                f"{raster.name}: data type {', '.join(sorted(dtypes))}, the model was "
                f"trained on {store['dtype']}"
            )

        # A scene that says nothing of no-data is taken as the training scenes were.
        silent = all(MaskFlags.all_valid in flags for flags in raster.mask_flag_enums)
        self.nodata = store.get("nodata") if silent else None

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
        try:
            pixels = self.raster.read(self.indexes, window=window)
            valid = self.raster.dataset_mask(window=window) > 0
        except RasterioError as error:
            raise UserError(f"{self.raster.name}: can't be read ({error})") from None
        if self.nodata is not None:
            valid &= ~(pixels == self.nodata).all(axis=0)
        if pixels.dtype.kind == "f":
            valid &= np.isfinite(pixels).all(axis=0)
        return np.where(valid, pixels, 0), valid


@contextlib.contextmanager
def open_source(
    path: Path, store: dict[str, Any], resample: bool = False
) -> Iterator[SceneSource]:
    """Open a scene for a model.

    Args:
        path: Any raster that GDAL reads.
        store: What the checkpoint knows of its training store.
        resample: Bring the scene to the training pixel size (averaging when it gets
            coarser) instead of refusing another one.

    Raises:
        UserError: The scene can't be read or does not fit the model.
    """
    with contextlib.ExitStack() as stack:
        raster = stack.enter_context(open_scene(path))
        trained = store.get("pixel_size_m")
        if raster.crs is not None and trained:
            size = ground_pixel_size(
                raster.crs, raster.transform, raster.height, raster.width
            )
            ratio = size / trained
            if resample:
                raster = stack.enter_context(_resampled(raster, ratio))
            elif not 1 / MAX_PIXEL_RATIO < ratio < MAX_PIXEL_RATIO:
                raise UserError(
                    f"{path}: pixels of {size:.3g} m, the model was trained on "
                    f"{trained:.3g} m; --resample brings the scene to that"
                )
        yield SceneSource(raster, store)


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
