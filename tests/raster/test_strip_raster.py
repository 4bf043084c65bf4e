from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from mmext.raster import strip_raster
from mmext.raster.strip_raster import StripRaster

GRID = SimpleNamespace(
    height=700,
    width=900,
    crs="EPSG:5186",
    transform=rasterio.Affine(0.5, 0, 200_000, 0, -0.5, 500_000),
)


@pytest.mark.parametrize("plain_bytes", [1 << 30, 0])
def test_a_cog_holds_what_was_written(tmp_path, monkeypatch, plain_bytes):
    """Whether the file in between is small and plain, or large and compressed."""
    monkeypatch.setattr(strip_raster, "_PLAIN_BYTES", plain_bytes)
    values = np.random.default_rng(0).integers(0, 255, (2, 700, 900), np.uint8)
    raster = StripRaster(tmp_path / "s.tif", GRID, ["a", "b"], "uint8", 255, 0.004)
    assert raster._plain == bool(plain_bytes)
    for row in (0, 350):
        window = Window(0, row, 900, 350)
        raster.write(values[:, row : row + 350], window)
    raster.save_as_cog(tmp_path / "cog.tif", "average")
    with rasterio.open(tmp_path / "cog.tif") as cog:
        np.testing.assert_array_equal(cog.read(), values)
        assert cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (cog.scales, cog.nodata) == ((0.004, 0.004), 255)
        [factor] = cog.overviews(1)
        smaller = cog.read(1, out_shape=(350, 450))
    assert factor == 2
    means = values[0].reshape(350, 2, 450, 2).mean(axis=(1, 3))
    assert np.abs(smaller - means).max() <= 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["cog.tif"]
