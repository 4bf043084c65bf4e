import numpy as np
import pytest

from mmext.errors import UserError
from mmext.prepare.labels import LabelSource
from mmext.prepare.scene_list import (
    expand_images,
    folder_scenes,
    scenes_with_labels,
    select_split,
)


@pytest.fixture
def images(write_raster):
    return [
        write_raster(f"{name}.tif", np.ones((1, 4, 4), np.uint8)) for name in ("a", "b")
    ]


def test_lists_name_images(tmp_path, images):
    (tmp_path / "list.txt").write_text(f"\ufeff{images[1]}\n\n{images[0]}\n", "utf-8")
    assert expand_images([str(tmp_path / "list.txt")]) == images[::-1]
    (tmp_path / "list.txt").write_text(f"{tmp_path / 'list.txt'}\n")
    with pytest.raises(UserError, match=r"names the list .*list\.txt, expected images"):
        expand_images([str(tmp_path / "list.txt")])
    (tmp_path / "list.txt").write_text("\n \n")
    with pytest.raises(UserError, match=r"list\.txt: is an empty list, expected a"):
        expand_images([str(tmp_path / "list.txt")])
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="can't be read as a list of images"):
        expand_images([str(tmp_path / "list.txt")])


@pytest.mark.parametrize("name", ["...tif", "a\nb.tif"])
def test_names_are_plain(tmp_path, images, name):
    bad = images[0].rename(tmp_path / name)
    with pytest.raises(UserError, match=r"\.tif: is .*, expected a"):
        scenes_with_labels([bad], [LabelSource(images[1])])


def test_names_differ(images):
    with pytest.raises(UserError, match="2 are called a, expected different names"):
        scenes_with_labels([images[0], images[0]], [LabelSource(images[1])])


def test_labels_of_another_order_are_refused(tmp_path):
    # As a shell sorts them.
    images = [tmp_path / f"a_{number}.tif" for number in (1, 10, 2)]
    labels = [LabelSource(tmp_path / f"a_{n}_roofs.gpkg") for n in (10, 1, 2)]
    with pytest.raises(UserError, match=r"a_10_roofs.gpkg stands in the place of a_1'"):
        scenes_with_labels(images, labels)
    labels[:2] = labels[1::-1]
    scenes = scenes_with_labels(images, labels)
    assert [scene.labels for scene in scenes] == labels


@pytest.mark.parametrize(
    "names, labels",
    [
        (("a", "a_1"), ("a_roofs", "a_1_roofs")),
        (("north", "south"), ("roofs_north", "roofs_south")),
        (("x1", "x2"), ("p", "q")),
        (("a", "b"), ("a", "b")),
        (("1", "10"), ("1-roofs", "10-roofs")),
        (("north", "north_2", "south"), ("north", "north", "south")),
    ],
)
def test_names_that_say_nothing_else_are_in_order(tmp_path, names, labels):
    images = [tmp_path / f"{name}.tif" for name in names]
    sources = [LabelSource(tmp_path / f"{name}.gpkg") for name in labels]
    assert [s.name for s in scenes_with_labels(images, sources)] == list(names)


def test_side_files_are_no_masks(tmp_path, images, write_raster):
    folder = tmp_path / "masks"
    folder.mkdir()
    mask = write_raster("masks/a.tif", np.ones((1, 4, 4), np.uint8))
    for name in ("a.json", "a.txt", "a.tif.aux.xml"):
        (folder / name).write_text("beside it")
    [scene] = folder_scenes(images[:1], folder)
    assert scene.labels.path == mask
    write_raster("masks/a.png.tif", np.ones((1, 4, 4), np.uint8))
    mask.with_suffix(".png").write_bytes(mask.read_bytes())
    with pytest.raises(UserError, match=r"has a\.png and a\.tif, expected one mask"):
        folder_scenes(images[:1], folder)


def test_files_of_a_split_that_are_not_there_are_counted(tmp_path, images, capsys):
    table = tmp_path / "s.csv"
    table.write_text("file,split\na.tif,train\nb.tif,test\nc.tif,train\nd.tif,train\n")
    assert select_split(images, table, "train") == images[:1]
    assert "2 of 3 files of split 'train' are not" in capsys.readouterr().out
