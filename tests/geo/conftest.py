from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio


@pytest.fixture
def write_raster(tmp_path) -> Callable[..., Path]:
    """A small GeoTIFF from a (bands, H, W) array."""

    def write(
        name: str,
        array: np.ndarray,
        crs: str | None = "EPSG:5186",
        pixel: float = 0.5,
        origin: tuple[float, float] = (200_000.0, 500_000.0),
        **profile: object,
    ) -> Path:
        path = tmp_path / name
        bands, height, width = array.shape
        transform = rasterio.Affine(pixel, 0, origin[0], 0, -pixel, origin[1])
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=bands,
            height=height,
            width=width,
            dtype=array.dtype,
            crs=crs,
            transform=transform if crs else rasterio.Affine.identity(),
            **profile,
        ) as raster:
            raster.write(array)
        return path

    return write
