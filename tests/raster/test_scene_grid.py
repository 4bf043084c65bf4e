import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.raster.scene_grid import SceneGrid
from tests.source_description import source_description
from tests.store_writer import StoreWriter

HEIGHT, WIDTH, TILE, STRIDE = 21, 30, 8, 6


@pytest.fixture
def cut(tmp_path):
    """A scene cut into overlapping tiles, one of which is left out."""
    scene = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint16)
    places = [(r, c) for r in range(0, HEIGHT, STRIDE) for c in range(0, WIDTH, STRIDE)]
    places.remove((12, 12))
    writer = StoreWriter(tmp_path / "s", TILE, 1, np.dtype("uint16"))
    for row, column in places:
        part = scene[row : row + TILE, column : column + TILE]
        tile = np.zeros((TILE, TILE, 1), np.uint16)
        tile[: part.shape[0], : part.shape[1], 0] = part
        mask = np.zeros((TILE, TILE), np.uint8)
        writer.add(tile, mask, "s", row, column, box(0, 0, 1, 1))
    record = dict(path="s", height=HEIGHT, width=WIDTH, transform=[1, 0, 5, 0, -1, 9])
    writer.finish(source_description(1, TILE, {"s": record}), "EPSG:32637")
    return scene, TileStore(tmp_path / "s")


def test_tiles_make_the_scene_again(cut):
    scene, store = cut
    grid = SceneGrid(store, "s")
    assert grid.transform == rasterio.Affine(1, 0, 5, 0, -1, 9)
    image = {"image": ((np.dtype("uint16"), (1,)), 9999)}
    expected = scene.copy()
    expected[14:18, 14:18] = 9999  # only the tile that is left out lay there
    for window in (grid.whole, Window(7, 3, 13, 11), Window(29, 20, 1, 1)):
        near = [int(i) for i in grid.tiles_in(window)]
        placed = grid.place(
            window, ((i, {"image": store.images[i]}) for i in near), image
        )
        row, column = window.row_off, window.col_off
        assert near == [
            tile.tile_id
            for tile in store.tiles.itertuples()
            if row < tile.row_off + TILE
            and tile.row_off < row + window.height
            and column < tile.col_off + TILE
            and tile.col_off < column + window.width
        ]
        part = expected[row : row + window.height, column : column + window.width]
        np.testing.assert_array_equal(placed["image"][..., 0], part)


def test_strips_cover_each_row_once(cut):
    grid = SceneGrid(cut[1], "s")
    strips = list(grid.strips(100))
    assert {s.height for s in strips[:-1]} == {3}
    assert sum(s.height for s in strips) == HEIGHT
    assert [s.row_off for s in strips] == list(range(0, HEIGHT, 3))
    assert len(list(grid.strips(1))) == HEIGHT


def test_overlaps_are_joined(cut):
    _, store = cut
    grid = SceneGrid(store, "s")
    count = {"count": (np.uint16, 0)}

    ones = [
        (tile, {"count": np.ones((TILE, TILE), np.uint16)})
        for tile in range(len(store))
    ]

    summed = grid.place(grid.whole, ones, count, {"count": np.add})["count"]
    assert set(np.unique(summed)) == {0, 1, 2, 4, 3}
    assert (grid.place(grid.whole, ones, count)["count"] <= 1).all()
