"""Writing a raster strip by strip and ending with a cloud-optimised GeoTIFF."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window

from mmext.fileio import atomic_path

_BLOCK = 512


class StripRaster:
    """A tiled GeoTIFF that fills from top to bottom.

    Args:
        path: A temporary file.
        template: The scene, for size, CRS and transform.
        descriptions: Names of the bands.
        dtype: uint8 or float32.
        nodata: No-data value.
        scale: What a stored value is multiplied by; 1 for none.
        colours: Colour table, code → RGBA, for a single uint8 band.
    """

    def __init__(
        self,
        path: Path,
        template: rasterio.io.DatasetReader,
        descriptions: Sequence[str],
        dtype: str,
        nodata: float,
        scale: float = 1.0,
        colours: dict[int, tuple[int, int, int, int]] | None = None,
    ) -> None:
        self.path = path
        self.raster = rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=template.height,
            width=template.width,
            count=len(descriptions),
            dtype=dtype,
            crs=template.crs,
            transform=template.transform,
            nodata=nodata,
            tiled=True,
            blockxsize=_BLOCK,
            blockysize=_BLOCK,
            compress="deflate",
            BIGTIFF="IF_SAFER",
        )
        self.raster.descriptions = tuple(descriptions)
        if scale != 1:
            self.raster.scales = (scale,) * len(descriptions)
        if colours:
            self.raster.write_colormap(1, colours)

    def write(self, values: np.ndarray, window: Window) -> None:
        """Write (bands, h, w) values into a window."""
        self.raster.write(values, window=window)

    def save_as_cog(self, path: Path, resampling: str) -> None:
        """Close, and make a COG with overviews of it.

        Args:
            path: The COG.
            resampling: How overviews are made: ``nearest``, ``mode`` or ``average``.
        """
        self.raster.close()
        with atomic_path(path) as temporary:
            rasterio.shutil.copy(
                self.path,
                temporary,
                driver="COG",
                compress="deflate",
                blocksize=_BLOCK,
                overview_resampling=resampling,
                bigtiff="IF_SAFER",
            )
        self.path.unlink()

    def close(self) -> None:
        """Close without keeping anything of it."""
        self.raster.close()
        self.path.unlink(missing_ok=True)
