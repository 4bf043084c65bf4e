"""The larger scenes of the benchmark are the rendered one, again and again."""

import numpy as np
import rasterio

from mmext.benchmark import growth, mapping
from mmext.benchmark.growth import _enlarge
from mmext.prepare.labels import read_labels
from mmext.synthetic.farmland import SceneSpec, render_scene, write_scene


def test_labels_are_repeated_with_their_pixels(tmp_path, monkeypatch):
    for module in (growth, mapping):
        monkeypatch.setattr(module, "SIDE", 128)
    write_scene(render_scene(SceneSpec(128, 128, seed=0)), tmp_path, "scene")
    large = tmp_path / "large"
    large.mkdir()
    _enlarge(tmp_path / "scene.tif", large / "scene.tif", 256)
    pixels, masks = [], []
    for folder in (tmp_path, large):
        labels = read_labels(folder / "scene_fields.gpkg")
        with rasterio.open(folder / "scene.tif") as raster:
            pixels.append(raster.read())
            with labels.open(raster) as drawn:
                window = rasterio.windows.Window(0, 0, raster.width, raster.height)
                masks.append(drawn.read(window))
    assert 0 < (masks[0] == 1).mean() < 1
    np.testing.assert_array_equal(masks[1], np.tile(masks[0], (2, 2)))
    np.testing.assert_array_equal(pixels[1], np.tile(pixels[0], (1, 2, 2)))
