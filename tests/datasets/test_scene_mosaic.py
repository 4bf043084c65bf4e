import numpy as np

from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics


def test_tiles_return_to_where_they_were_cut():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 9, (7, 11))
    tiles = [
        PlacedTile("a", row, col, {"x": scene[row : row + 3, col : col + 4]})
        for row in (0, 3, 4)
        for col in (0, 4, 7)
    ]
    rng.shuffle(tiles)
    other = PlacedTile("b", 20, 30, {"x": np.full((2, 2), 5)})
    mosaics = scene_mosaics([*tiles, other], fill={"x": -1})
    np.testing.assert_array_equal(mosaics["a"]["x"], scene)
    np.testing.assert_array_equal(mosaics["b"]["x"], np.full((2, 2), 5))


def test_gaps_are_filled():
    tiles = [
        PlacedTile("a", 0, 0, {"x": np.ones((1, 1), int)}),
        PlacedTile("a", 1, 1, {"x": np.ones((1, 1), int)}),
    ]
    mosaic = scene_mosaics(tiles, fill={"x": 7})["a"]["x"]
    np.testing.assert_array_equal(mosaic, [[1, 7], [7, 1]])
