import numpy as np
from PIL import Image

from mmext.benchmark.setting import write_png
from mmext.datasets.tile_store import TileStore


def test_tiles_are_written_over_again_until_there_are_enough(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store", tiles=3))
    files = write_png(store, tmp_path / "png", 5)
    assert len(set(files)) == 5
    for (image, mask), tile in zip(files, [0, 1, 2, 0, 1], strict=True):
        assert image.parent == tmp_path / "png" / "images"
        assert mask == tmp_path / "png" / "masks" / image.name
        np.testing.assert_array_equal(np.asarray(Image.open(image)), store.images[tile])
        np.testing.assert_array_equal(np.asarray(Image.open(mask)), store.masks[tile])
