"""Whatever a scene is like, its tiles put together are the scene."""

import tempfile
import warnings
from pathlib import Path

import geopandas
import numpy as np
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from mmext.datasets.tile_store import TileStore
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene

TURNS = {"north up": 0, "turned": 30, "south up": 180}


def transform_of(turn, mirrored):
    grid = rasterio.Affine.translation(200_000, 500_000) @ rasterio.Affine.rotation(
        TURNS[turn]
    )
    return grid @ rasterio.Affine.scale(0.5, 0.5 if mirrored else -0.5)


def triangle(corners, transform):
    """From pixels, off their centres, to the ground."""
    return shapely.Polygon([transform @ (x + 0.137, y + 0.211) for x, y in corners])


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.integers(3, 24),
    stride=st.none() | st.integers(1, 30),
    bands=st.integers(1, 4),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    turn=st.sampled_from(list(TURNS)),
    mirrored=st.booleans(),
    nodata=st.none() | st.just(3),
    alpha=st.booleans(),
    corners=st.lists(
        st.tuples(st.floats(-5, 45), st.floats(-5, 45)), min_size=3, max_size=3
    ),
    seed=st.integers(0, 999),
)
def test_tiles_and_masks_are_those_of_a_naive_look(
    shape, size, stride, bands, dtype, turn, mirrored, nodata, alpha, corners, seed
):
    rng = np.random.default_rng(seed)
    image = rng.integers(1, 6, (bands + alpha, *shape)).astype(dtype)
    valid = np.ones(shape, bool)
    if nodata is not None:
        valid &= ~(image[:bands] == nodata).all(axis=0)
    if alpha:
        image[-1] = 255 * rng.integers(0, 2, shape)
        valid &= image[-1] > 0
    transform = transform_of(turn, mirrored)
    # A target that is always there, so that no scene is refused, and a triangle.
    corner = triangle([(-9, -9), (21, -9), (-9, 21)], transform)
    fields = [corner, triangle(corners, transform)]
    rows, columns = np.indices(shape)
    xs, ys = transform @ (columns + 0.5, rows + 0.5)
    drawn = np.logical_or.reduce([shapely.contains_xy(f, xs, ys) for f in fields])
    expected = np.where(valid, drawn, 255)
    if not valid.any():
        return
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder)
        with rasterio.open(
            *(path / "a.tif", "w", "GTiff"),
            *(shape[1], shape[0], bands + alpha, "EPSG:5186", transform, dtype),
            nodata=nodata,
        ) as raster:
            # By itself GDAL takes the last of four bytes for alpha.
            kinds = [ColorInterp.gray] + [ColorInterp.undefined] * (bands - 1)
            raster.colorinterp = kinds + [ColorInterp.alpha] * alpha
            raster.write(image)
        table = geopandas.GeoDataFrame(geometry=fields, crs="EPSG:5186")
        table.to_file(path / "f.gpkg")
        scene = Scene("a", path / "a.tif", LabelSource(path / "f.gpkg"))
        cut_scenes([scene], path / "s", Cutting(size, stride))
        store = TileStore(path / "s")
        store.verify(full=True)
        step = stride or size
        corners_cut = set(
            zip(store.tiles["row_off"], store.tiles["col_off"], strict=True)
        )
        for row in range(0, shape[0], step):
            for column in range(0, shape[1], step):
                there = valid[row : row + size, column : column + size].any()
                assert ((row, column) in corners_cut) == there
        for tile in store.tiles.itertuples():
            place = np.s_[
                tile.row_off : tile.row_off + size, tile.col_off : tile.col_off + size
            ]
            part = np.full((size, size), 255)
            height, width = expected[place].shape
            part[:height, :width] = expected[place]
            np.testing.assert_array_equal(store.masks[tile.tile_id], part)
            pixels = np.zeros((size, size, bands), dtype)
            pixels[:height, :width] = image[:bands][(slice(None), *place)].transpose(
                1, 2, 0
            )
            pixels[part == 255] = 0
            np.testing.assert_array_equal(store.images[tile.tile_id], pixels)
