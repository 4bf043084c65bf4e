import numpy as np
import pytest
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon, box

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.mapping.label_review.label_file import LabelFile
from mmext.mapping.label_review.label_objects import LabelObjects, Sightings
from mmext.raster.scene_grid import SceneGrid
from tests.source_description import source_description
from tests.store_writer import StoreWriter

from .builders import CRS, square, write_labels


def _grid(folder):
    """60 x 60 pixels of 1 m; the lower edge at y = 0, the left one at x = 0."""
    writer = StoreWriter(folder, 60, 1, np.uint8)
    zeros = np.zeros((60, 60), np.uint8)
    writer.add(zeros[..., None], zeros, "s", 0, 0, box(5e5, 4e6, 5e5 + 60, 4e6 + 60))
    scene = dict(path="s", height=60, width=60, transform=[1, 0, 5e5, 0, -1, 4e6 + 60])
    writer.finish(source_description(1, 60, {"s": scene}), CRS)
    return SceneGrid(TileStore(folder), "s")


def _mask(grid, shapes, all_touched=False):
    return rasterize(
        shapes,
        out_shape=(60, 60),
        transform=grid.transform,
        all_touched=all_touched,
        dtype=np.uint8,
    )


def test_each_part_is_an_object_even_where_they_touch(tmp_path):
    shapes = [square(0), square(10), MultiPolygon([square(0, 30), square(30, 30)])]
    labels = LabelFile.read(write_labels(tmp_path / "a.gpkg", shapes))
    grid = _grid(tmp_path / "s")
    objects = LabelObjects(labels, CRS)
    shown = objects.on(grid, _mask(grid, shapes))
    assert np.bincount(shown.ids.ravel())[1:].tolist() == [100] * 4
    names = [objects.names(int(n)) for n in shown.objects]
    assert sorted(names) == [[name] for name in sorted(labels.names)]
    assert shown.seen.tolist() == [1] * 4
    assert (shown.differing, shown.target) == (0, 400)


def test_what_lies_on_another_is_one_object_and_the_smaller_lies_in_front(tmp_path):
    shapes = [square(0), square(1), square(30, 30, 20), square(35, 35, 4)]
    labels = LabelFile.read(write_labels(tmp_path / "a.gpkg", shapes))
    objects, grid = LabelObjects(labels, CRS), _grid(tmp_path / "s")
    assert (objects.number, objects.doubled) == (3, 1)
    shown = objects.on(grid, _mask(grid, shapes))
    both = shown.ids[-1, 5]
    assert objects.names(int(shown.objects[both - 1])) == list(labels.names[:2])
    front = shown.ids[60 - 37, 37]
    assert objects.names(int(shown.objects[front - 1])) == [labels.names[3]]
    assert sorted(np.bincount(shown.ids.ravel())[1:].tolist()) == [16, 110, 384]


def test_how_much_of_a_label_a_scene_shows(tmp_path):
    # 70 % of the first lies inside; of the second 40 % is no data.
    shapes = [square(-3), square(30), square(200)]
    labels = LabelFile.read(write_labels(tmp_path / "a.gpkg", shapes))
    objects, grid = LabelObjects(labels, CRS), _grid(tmp_path / "s")
    masks = _mask(grid, shapes)
    masks[:, 30:34] = 255
    shown = objects.on(grid, masks)
    assert shown.objects.tolist() == [0, 1]
    assert shown.seen == pytest.approx([0.7, 0.6])
    assert shown.pixels.tolist() == [70, 60]
    sightings = Sightings()
    sightings.add("s", shown)
    [note] = sightings.notes(objects)
    assert "1 of 3 labels show no pixel" in note


def test_the_scene_that_shows_most(tmp_path):
    labels = LabelFile.read(write_labels(tmp_path / "a.gpkg", [square(0)]))
    objects, grid = LabelObjects(labels, CRS), _grid(tmp_path / "s")
    masks = _mask(grid, [square(0)])
    sightings = Sightings()
    cut = masks.copy()
    cut[:, :8] = 255
    for scene, mask in (("a", cut), ("b", masks), ("c", masks)):
        sightings.add(scene, objects.on(grid, mask))
    assert sightings.best_scene(0) == "b"


def test_a_fringe_of_touched_pixels_is_no_difference(tmp_path):
    shapes = [square(0.5, 0.5)]
    labels = LabelFile.read(write_labels(tmp_path / "a.gpkg", shapes))
    objects, grid = LabelObjects(labels, CRS), _grid(tmp_path / "s")
    shown = objects.on(grid, _mask(grid, shapes, all_touched=True))
    assert (shown.differing, (shown.ids > 0).sum()) == (0, 121)


def test_other_labels_than_the_stores(tmp_path):
    labels = [square(0), square(20), square(40)]
    file = LabelFile.read(write_labels(tmp_path / "a.gpkg", labels))
    objects, grid = LabelObjects(file, CRS), _grid(tmp_path / "s")

    def notes(masks):
        sightings = Sightings()
        sightings.add("s", objects.on(grid, masks))
        return sightings.notes(objects)

    assert notes(_mask(grid, labels)) == []
    [note] = notes(_mask(grid, [*labels, square(20, 20)]))
    assert "differs from the store's masks by 25.0%" in note
    with pytest.raises(UserError, match="expected the labels that the store was cut"):
        notes(_mask(grid, [square(20, 20)]))
