import numpy as np
import pytest
import rasterio

from mmext.errors import UserError
from mmext.inference.class_codes import COLOURS
from mmext.raster.vrt import write_vrt


def test_sheets_side_by_side_and_overlapping(tmp_path, write_raster):
    whole = np.random.default_rng(0).integers(0, 4, (2, 20, 30)).astype(np.uint8)
    paths = []
    for index, (row, column) in enumerate([(0, 0), (0, 12), (8, 4)]):
        part = whole[:, row : row + 12, column : column + 18].copy()
        if index == 0:
            part[:, :, 14:] = 255  # no-data, which the second sheet fills
        origin = (200_000 + 0.5 * column, 500_000 - 0.5 * row)
        paths.append(write_raster(f"{index}.tif", part, origin=origin, nodata=255))
    write_vrt(paths, tmp_path / "all.vrt")
    with rasterio.open(tmp_path / "all.vrt") as vrt:
        assert vrt.crs.to_epsg() == 5186 and vrt.nodata == 255
        assert vrt.bounds == (200_000, 499_990, 200_015, 500_000)
        found = vrt.read()
    covered = np.zeros((20, 30), bool)
    covered[:12, :30], covered[8:, 4:22] = True, True
    np.testing.assert_array_equal(found[:, covered], whole[:, covered])
    assert (found[:, ~covered] == 255).all()


def test_colours_come_along(tmp_path, write_raster):
    path = write_raster("a.tif", np.ones((1, 4, 4), np.uint8), nodata=255)
    with rasterio.open(path, "r+") as raster:
        raster.write_colormap(1, COLOURS)
    write_vrt([path], tmp_path / "all.vrt")
    with rasterio.open(tmp_path / "all.vrt") as vrt:
        assert vrt.colormap(1)[3] == COLOURS[3]


def test_sheets_that_do_not_fit_are_refused(tmp_path, write_raster):
    one = write_raster("a.tif", np.ones((1, 4, 4), np.uint8), nodata=255)
    other = write_raster("b.tif", np.ones((1, 4, 4), np.uint8), nodata=255, pixel=0.7)
    with pytest.raises(UserError, match=r"b.tif: other CRS or pixel size"):
        write_vrt([one, other], tmp_path / "all.vrt")
    assert not (tmp_path / "all.vrt").exists()
