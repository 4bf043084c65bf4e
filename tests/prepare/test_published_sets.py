"""Public data sets become stores by one command, as their publishers split them."""

import re
import shutil

import numpy as np
import pytest
import rasterio

from mmext.cli.app import run
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.prepare.published_sets import SETS

from ..published_layouts import LAYOUTS, SIZE, massachusetts_of_kaggle, scene, write_tif

#: The scenes of each split in the small layouts.
SPLITS = {
    "inria": dict(
        train=["austin36", "austin6", "tyrol-w36", "tyrol-w6"],
        val=["austin1", "austin5", "tyrol-w1", "tyrol-w5"],
    ),
    "massachusetts_buildings": dict(
        train=["22828881_15", "22828882_15"],
        val=["22828883_15"],
        test=["22828884_15"],
    ),
    "landcover_ai": dict(
        train=[f"M-33-20-D-c-4-2_{number}" for number in (0, 3, 5)],
        val=["M-33-20-D-c-4-2_1"],
        test=["M-33-20-D-c-4-2_4"],
    ),
    "loveda": dict(train=["0", "1366"], val=["2522", "3514"]),
    "openearthmap": dict(
        train=["aachen_1", "el_rodeo_1"], val=["aachen_2", "el_rodeo_2"]
    ),
}
SPLITS["massachusetts_roads"] = SPLITS["massachusetts_buildings"]


@pytest.fixture(autouse=True)
def previews(monkeypatch):
    """Drawn by matplotlib, which takes most of the time; tested where it is drawn."""
    monkeypatch.setattr(
        "mmext.prepare.published_stores.write_preview",
        lambda store, path: path.touch(),
    )


def prepare(name, folder, out, *options):
    run(["prepare-dataset", name, str(folder), "--out", str(out), *options])
    return {path.name: TileStore(path) for path in sorted(out.iterdir())}


def whole(store, name):
    """Image and mask of a scene that is one tile."""
    (tile,) = store.tiles_of(name)["tile_id"]
    return store.images[tile], store.masks[tile]


@pytest.mark.parametrize("name", SETS)
def test_each_split_has_its_scenes(name, tmp_path, capsys):
    LAYOUTS[name](tmp_path / "set")
    stores = prepare(name, tmp_path / "set", tmp_path / "out", "--tile-size", "40")
    assert {split: sorted(store.meta["scenes"]) for split, store in stores.items()} == {
        split: sorted(scenes) for split, scenes in SPLITS[name].items()
    }
    assert set(stores) == set(SETS[name].splits)
    for store in stores.values():
        store.verify(full=True)
        assert store.meta["positive_tiles"] == len(store)
        assert (store.path / "preview.png").is_file()
    said = capsys.readouterr().out
    if SETS[name].splits["train"][0].listed == "":
        expected = SETS[name].images["train"]
        assert f"images of split train, {SETS[name].title} has {expected}" in said


def test_inrias_cities_lie_in_one_store_by_pixel(tmp_path):
    LAYOUTS["inria"](tmp_path / "set")
    store = prepare("inria", tmp_path / "set", tmp_path / "out", "--tile-size", "40")
    meta = store["train"].meta
    assert meta["crs"] is None and meta["pixel_size"] is None
    assert meta["pixel_size_m"] == pytest.approx(0.3, rel=0.01)
    assert meta["scenes"]["austin6"]["transform"] == [1, 0, 0, 0, 1, 0]
    for name, seed in (("austin36", 36), ("tyrol-w6", 16)):
        image, target = scene(seed)
        found, mask = whole(store["train"], name)
        np.testing.assert_array_equal(found, image)
        np.testing.assert_array_equal(mask, target)


def test_labels_that_lie_elsewhere_are_paired_by_pixel(tmp_path):
    LAYOUTS["inria"](tmp_path)
    root = tmp_path / "AerialImageDataset"
    _, target = scene(6)
    gt = target.astype(np.uint8) * 255
    write_tif(root / "train" / "gt" / "austin6.tif", gt, "EPSG:26914", 0.31)
    # The folder itself is taken as well as what it lies in.
    stores = prepare("inria", root, tmp_path / "out", "--tile-size", "40")
    np.testing.assert_array_equal(whole(stores["train"], "austin6")[1], target)
    write_tif(root / "train" / "gt" / "austin6.tif", gt[:-1], "EPSG:26914")
    with pytest.raises(
        UserError, match=r"40 x 39 paired by pixel, the scene .*40 x 40"
    ):
        prepare("inria", root, tmp_path / "out", "--overwrite")


def test_red_is_target_and_white_is_blank_in_roads_training_only(tmp_path, capsys):
    LAYOUTS["massachusetts_roads"](tmp_path / "set")
    options = ("--tile-size", "40")
    roads = prepare("massachusetts_roads", tmp_path / "set", tmp_path / "r", *options)
    expected = scene(1)[1].astype(np.uint8)
    expected[:5, :7] = 255
    np.testing.assert_array_equal(whole(roads["train"], "22828881_15")[1], expected)
    np.testing.assert_array_equal(whole(roads["val"], "22828883_15")[1], scene(3)[1])
    assert "train: pixels of 255 in all bands are left out" in capsys.readouterr().out
    houses = prepare(
        "massachusetts_buildings", tmp_path / "set", tmp_path / "b", *options
    )
    np.testing.assert_array_equal(whole(houses["train"], "22828881_15")[1], scene(1)[1])
    # Whoever states a rule is believed.
    roads = prepare(
        "massachusetts_roads",
        *(tmp_path / "set", tmp_path / "n", *options, "--nodata", "none"),
    )
    assert (roads["train"].masks != 255).all()


def test_massachusetts_as_kaggle_has_it(tmp_path):
    massachusetts_of_kaggle(tmp_path / "set")
    out = tmp_path / "out"
    name = "massachusetts_buildings"
    stores = prepare(name, tmp_path / "set", out, "--tile-size", "40")
    assert {s: sorted(x.meta["scenes"]) for s, x in stores.items()} == SPLITS[name]
    for split, number in (("train", 2), ("val", 3), ("test", 4)):
        mask = whole(stores[split], f"2282888{number}_15")[1]
        np.testing.assert_array_equal(mask, scene(number)[1])


def test_landcover_ai_without_its_tiles(tmp_path):
    LAYOUTS["landcover_ai"](tmp_path)
    shutil.rmtree(tmp_path / "output")
    with pytest.raises(
        UserError, match=r"split train, expected output/\*.jpg .* split.py"
    ):
        prepare("landcover_ai", tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_class_of_several_and_what_nobody_labelled(tmp_path):
    LAYOUTS["loveda"](tmp_path / "set")
    out = tmp_path / "out"
    options = ("--target", "road", "--splits", "val", "--tile-size", "40")
    stores = prepare("loveda", tmp_path / "set", out, *options)
    assert list(stores) == ["val"]
    _, mask = whole(stores["val"], "3514")
    assert (mask[:3] == 255).all() and (mask[-3:] == 1).all()
    assert (mask[3:-3] == 0).all()


def test_openearthmap_says_what_of_xbd_is_missing(tmp_path, capsys):
    LAYOUTS["openearthmap"](tmp_path / "set")
    stores = prepare(
        "openearthmap", tmp_path / "set", tmp_path / "out", "--tile-size", "40"
    )
    said = capsys.readouterr().out
    assert "train.txt: 1 of 3 images are not there, such as mexico-city_1;" in said
    assert "compile_xbd.py" in said
    assert "pixels of 0.250 to 0.500 m in one store" in said
    assert stores["train"].meta["pixel_size_m"] is None
    expected = scene(1)[1].astype(np.uint8)
    expected[:, :2] = 255
    np.testing.assert_array_equal(whole(stores["train"], "el_rodeo_1")[1], expected)


def test_refusals_come_before_anything_is_cut(tmp_path):
    LAYOUTS["loveda"](tmp_path / "set")
    out = tmp_path / "out"
    for options, expected in {
        ("--target", "house"): "--target: is 'house', LoveDA has building, road",
        ("--splits", "test"): "LoveDA has no labels 'test', expected train, val",
        ("--splits", "all"): "LoveDA has no split 'all', expected train, val",
    }.items():
        with pytest.raises(UserError, match=re.escape(expected)):
            prepare("loveda", tmp_path / "set", out, *options)
    with pytest.raises(UserError, match=r"no images of INRIA .*train/images/\*.tif or"):
        prepare("inria", tmp_path / "set", out)
    path = tmp_path / "set" / "Val" / "Urban" / "masks_png" / "3514.png"
    with rasterio.open(path) as raster:
        classes = raster.read(1)
    classes[5, 5] = 9
    with rasterio.open(
        path, "w", driver="PNG", count=1, height=SIZE, width=SIZE, dtype="uint8"
    ) as raster:
        raster.write(classes, 1)
    with pytest.raises(
        UserError, match=r"3514\.png: holds the values 9, expected only"
    ):
        prepare("loveda", tmp_path / "set", out)
    path.unlink()
    with pytest.raises(UserError, match=r"3514\.png: has no label"):
        prepare("loveda", tmp_path / "set", out)
    assert not out.exists()


def test_stores_are_kept_unless_told(tmp_path):
    LAYOUTS["loveda"](tmp_path / "set")
    out = tmp_path / "out"
    prepare("loveda", tmp_path / "set", out, "--splits", "val")
    with pytest.raises(UserError, match="val: exists already; --overwrite"):
        prepare("loveda", tmp_path / "set", out)
    assert [path.name for path in out.iterdir()] == ["val"]
    assert set(prepare("loveda", tmp_path / "set", out, "--overwrite")) == {
        *("train", "val")
    }


@pytest.mark.slow
def test_several_processes_make_the_same_stores(tmp_path):
    """Each knows which band and values of a label count."""
    name = "massachusetts_roads"
    LAYOUTS[name](tmp_path / "set")
    options = ("--splits", "train", "--tile-size", "40")
    one, two = (
        prepare(name, tmp_path / "set", tmp_path / jobs, *options, "--jobs", jobs)
        for jobs in ("1", "2")
    )
    assert one["train"].fingerprint == two["train"].fingerprint


def test_what_is_declared_fits_together():
    for known in SETS.values():
        assert set(known.images) == set(known.splits)
        assert not set(known.unlabelled) & set(known.splits)
        assert set(known.blank) <= set(known.splits)
        sizes = len(known.classes), len(known.background), len(known.ignored)
        assert len(known.values) == sum(sizes)
