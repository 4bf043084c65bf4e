"""Writing a raster strip by strip and ending with a cloud-optimised GeoTIFF."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window

from mmext.fileio import atomic_path

from .writing import writing

_BLOCK = 512
#: Up to this size a raster that is read once more and thrown away is not compressed:
#: it takes longer than all else that is done to a map.
_PLAIN_BYTES = 1 << 30


class Grid(Protocol):
    """What a raster and a :class:`SceneGrid` have in common."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def width(self) -> int:
        """Columns."""

    @property
    def crs(self) -> rasterio.CRS | str | None:
        """Coordinate system, if there is one."""

    @property
    def transform(self) -> rasterio.Affine:
        """Pixel to CRS coordinates."""


class StripRaster:
    """A tiled GeoTIFF that fills from top to bottom.

    Args:
        path: A temporary file.
        grid: Size, CRS and transform.
        descriptions: Names of the bands.
        dtype: uint8, uint16 or float32.
        nodata: No-data value.
        scale: What a stored value is multiplied by; 1 for none.
        colours: Colour table, code → RGBA, for a single uint8 band.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        descriptions: Sequence[str],
        dtype: str,
        nodata: float,
        scale: float = 1.0,
        colours: dict[int, tuple[int, int, int, int]] | None = None,
    ) -> None:
        self.path = path
        pixels = grid.height * grid.width * len(descriptions)
        self._plain = pixels * np.dtype(dtype).itemsize <= _PLAIN_BYTES
        # Of what is large, fast is still better than small.
        compression = {} if self._plain else {"compress": "deflate", "zlevel": 1}
        with writing(path):
            self.raster = rasterio.open(
                path,
                "w+",
                driver="GTiff",
                height=grid.height,
                width=grid.width,
                count=len(descriptions),
                dtype=dtype,
                crs=grid.crs,
                transform=grid.transform,
                nodata=nodata,
                tiled=True,
                blockxsize=_BLOCK,
                blockysize=_BLOCK,
                bigtiff="if_safer",
                **compression,
            )
        self.raster.descriptions = tuple(descriptions)
        if scale != 1:
            self.raster.scales = (scale,) * len(descriptions)
        if colours:
            self.raster.write_colormap(1, colours)

    def write(self, values: np.ndarray, window: Window) -> None:
        """Write (bands, h, w) values into a window.

        Raises:
            CantWriteError: The disk says no.
        """
        with writing(self.path):
            self.raster.write(values, window=window)

    def read(self, window: Window) -> np.ndarray:
        """What was written into a window, (bands, h, w).

        Raises:
            CantWriteError: The disk did not take it.
        """
        with writing(self.path):
            return self.raster.read(window=window)

    def save_as_cog(self, path: Path, resampling: str) -> None:
        """Close, and make a COG with overviews of it.

        Args:
            path: The COG.
            resampling: How overviews are made: ``nearest``, ``mode`` or ``average``.

        Raises:
            CantWriteError: The disk says no.
        """
        self.raster.close()
        # With overviews, and those once more under a temporary name.
        needed = 2 * self.path.stat().st_size
        with (
            atomic_path(path) as temporary,
            writing(path, needed),
            rasterio.Env(COG_TMP_COMPRESSION="NONE" if self._plain else "LZW"),
        ):
            rasterio.shutil.copy(
                self.path,
                temporary,
                driver="COG",
                compress="deflate",
                # GDAL's own level takes three times as long to save some percent.
                level=1,
                blocksize=_BLOCK,
                overview_resampling=resampling,
                bigtiff="IF_SAFER",
                num_threads="ALL_CPUS",
            )
        self.path.unlink()

    def close(self) -> None:
        """Close without keeping anything of it."""
        self.raster.close()
        self.path.unlink(missing_ok=True)
