"""What every test shares: one thread, a scope, a fixed seed."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

# Two-process tests and a loaded machine: torch's default of one thread per core
# makes small convolutions slower, not faster.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import rasterio
import torch
from mmengine.registry import DefaultScope
from shapely.geometry import box

from .range_server import RangeServer, serving
from .source_description import source_description
from .store_writer import StoreWriter


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="let tests/faults run its full length"
    )


@pytest.fixture(autouse=True)
def _scope_and_seed() -> Iterator[None]:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - mmcv draws from the global generator
    with DefaultScope.overwrite_default_scope("mmext"):
        yield


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    """A server of the folder ``tmp_path / "served"``; GDAL asks it once."""
    monkeypatch.setattr("mmext.hiding._hidden", set())
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    folder = tmp_path / "served"
    folder.mkdir()
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Nothing is logged below a warning."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; skips when it is absent."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no real data at {path}")
    return path


@pytest.fixture(scope="session")
def make_store() -> Callable[..., Path]:
    """A small tile store: bright squares of target on a noisy dark ground."""

    def make(
        path: Path,
        tiles: int = 6,
        size: int = 16,
        bands: int = 3,
        positive: int = 4,
        dtype: str = "uint8",
        seed: int = 0,
        scenes: int = 1,
    ) -> Path:
        rng = np.random.default_rng(seed)
        names = ["scene", *(f"scene{number}" for number in range(1, scenes))]
        writer = StoreWriter(path, size, bands, dtype)
        for tile in range(tiles):
            mask = np.zeros((size, size), np.uint8)
            if tile < positive:
                top, left = rng.integers(1, size // 2, 2)
                mask[top : top + size // 3, left : left + size // 3] = 1
            image = rng.integers(20, 90, (size, size, bands)) + 120 * mask[..., None]
            if tile == tiles - 1:
                mask[-2:] = 255
            outline = box(tile * size, 0, (tile + 1) * size, size)
            name = names[tile % scenes]
            writer.add(image.astype(dtype), mask, name, 0, tile * size, outline)
        scene = {
            "path": "none.tif",
            "height": size,
            "width": tiles * size,
            "transform": [1.0, 0.0, 0.0, 0.0, -1.0, float(size)],
        }
        description = source_description(bands, size, dict.fromkeys(names, scene))
        writer.finish(description, "EPSG:5186")
        return path

    return make


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
