import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from mmext.datasets.tile_store import TileStore
from mmext.raster.outlines import window_outline
from mmext.reporting.segmentation.maps import draw_scene
from mmext.reporting.segmentation.scene_layers import (
    Georeference,
    scene_layers,
    scene_names,
)


@pytest.fixture
def store(make_store, tmp_path):
    return TileStore(make_store(tmp_path / "store", tiles=4, size=17))


@pytest.mark.parametrize("step", [1, 2, 5, 40])
@pytest.mark.parametrize("window", [(0, 0, 17, 68), (3, 10, 11, 30), (-4, 60, 25, 20)])
def test_a_window_is_cut_out_of_the_whole(store, window, step):
    [scene] = scene_layers(store, ["scene"], None, None)
    whole = np.concatenate(list(np.asarray(store.images)), axis=1) / 255
    whole = np.pad(whole, ((30, 30), (30, 30), (0, 0)), constant_values=0.85)
    top, left, height, width = window
    expected = whole[30 + top :, 30 + left :][:height:step, :width:step]
    np.testing.assert_allclose(scene.image(*window, step), expected, atol=1e-6)


def test_truth_is_put_together(store):
    [scene] = scene_layers(store, scene_names(store), None, None)
    expected = np.concatenate(list(np.asarray(store.masks)), axis=1)
    layers = scene.layers(0, 0, *scene.shape)
    assert list(layers) == ["truth"]
    np.testing.assert_array_equal(layers["truth"], expected)
    strips = [strip["truth"] for strip in scene.strips()]
    np.testing.assert_array_equal(np.concatenate(strips), expected)


def test_strips_of_rows_that_are_no_multiple_of_a_tile(store):
    moved = store.tiles.copy()
    moved["row_off"] = [0, 5, 17, 30]
    store.__dict__["tiles"] = moved  # a cached property
    [scene] = scene_layers(store, ["scene"], None, None)
    assert scene.shape == (47, 68)
    whole = scene.layers(0, 0, 47, 68)["truth"]
    strips = [strip["truth"] for strip in scene.strips()]
    assert [len(strip) for strip in strips] == [17, 17, 13]
    np.testing.assert_array_equal(np.concatenate(strips), whole)
    np.testing.assert_array_equal(whole[5:22, 17:34], store.masks[1])


def test_a_scene_that_begins_later_lies_where_it_should(store):
    later = store.tiles.drop(index=0)
    store.__dict__["tiles"] = later  # a cached property
    [scene] = scene_layers(store, ["scene"], None, None)
    assert scene.corner == (0, 17)
    # One metre a pixel, top at 17.
    assert scene.grid.transform * (0, 0) == (17.0, 17.0)
    assert scene.grid.place(0, 0) == (17.5, 16.5)
    expected = np.asarray(store.images[1]) / 255
    np.testing.assert_allclose(scene.image(0, 0, 17, 17), expected, atol=1e-6)


def test_places_in_a_turned_scene(store):
    """A tile's footprint was placed by rasterio when it was cut."""
    turned = rasterio.Affine(0.4, 0.3, 1000, 0.3, -0.4, 2000)
    store.meta["scenes"]["scene"]["transform"] = list(turned)[:6]
    store.__dict__["tiles"] = store.tiles.drop(index=0)  # a cached property
    [scene] = scene_layers(store, ["scene"], None, None)
    window = Window(17, 0, 17, 17)  # the mosaic begins at the second tile
    middle = window_outline(window, turned).centroid
    assert scene.grid.place(8, 8) == pytest.approx((middle.x, middle.y))
    # Drawn in rows and columns: no CRS has these axes.
    [image, *_] = draw_scene(scene).axes
    assert (image.get_xlim(), image.get_ylim()) == ((0, 51), (17, 0))


def test_places_in_degrees():
    transform = rasterio.Affine(0.25, 0, 200000, 0, -0.25, 520000)
    grid = Georeference(transform, 0.25, "EPSG:5186")
    east, north = grid.longitude_latitude(0, 0)
    assert (east, north) == pytest.approx((127, 37.28), abs=0.01)
    assert Georeference(None, None, None).longitude_latitude(0, 0) is None
