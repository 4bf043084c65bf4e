"""Samples of other data sets where a tile store is expected."""

import pickle

import numpy as np
import pytest
from PIL import Image

from mmext.datasets.sample_array import SampleArray
from mmext.datasets.sample_store import SampleStore, open_store
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.registry import DATASETS


def write_folders(folder, sides=((16, 16),) * 4, seed=0):
    """Images and label maps as mmseg's data sets read them: 1 and 2 are classes."""
    rng = np.random.default_rng(seed)
    truth = {}
    for number, side in enumerate(sides):
        image = rng.integers(0, 255, (*side, 3)).astype(np.uint8)
        labels = rng.integers(0, 3, side).astype(np.uint8)
        labels[0] = 255
        for place, array in (("img_dir", image), ("ann_dir", labels)):
            (folder / place).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(folder / place / f"t{number}.png")
        truth[f"t{number}"] = image, labels
    return truth


def settings_of(folder, **changes):
    return dict(
        dataset=dict(
            type="mmseg.BaseSegDataset",
            data_root=str(folder),
            data_prefix=dict(img_path="img_dir", seg_map_path="ann_dir"),
            img_suffix=".png",
            seg_map_suffix=".png",
            **changes,
        ),
        target=[2],
    )


def test_samples_are_tiles(tmp_path):
    truth = write_folders(tmp_path)
    store = open_store(settings_of(tmp_path))
    assert isinstance(store, TileStore) and len(store) == 4
    assert store.meta["bands"] == ["red", "green", "blue"]
    assert store.images.shape == (4, 16, 16, 3) and store.masks.shape == (4, 16, 16)
    for tile, (image, labels) in enumerate(truth.values()):
        expected = np.where(labels == 255, 255, labels == 2)
        # As the files have them: red first, where OpenCV has blue.
        np.testing.assert_array_equal(store.images[tile], image)
        np.testing.assert_array_equal(store.masks[tile], expected)
        row = store.tiles.iloc[tile]
        assert row["positive_fraction"] == (labels[1:] == 2).mean()
        assert row["valid_fraction"] == 15 / 16
    pixels = np.concatenate([image[1:].reshape(-1, 3) for image, _ in truth.values()])
    np.testing.assert_allclose(store.meta["mean"], pixels.mean(0))
    np.testing.assert_allclose(store.meta["std"], pixels.std(0))
    ids = [2, 0]
    np.testing.assert_array_equal(
        np.take(store.masks, ids, axis=0), np.stack([store.masks[i] for i in ids])
    )
    assert list(store.meta["scenes"]) == list(truth)
    again = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(again.images[3], truth["t3"][0])


def test_other_sizes_are_filled_up_with_ignored_pixels(tmp_path, capsys):
    truth = write_folders(tmp_path, ((16, 16), (9, 16), (12, 7)))
    store = open_store(settings_of(tmp_path))
    assert "samples are filled up to 16 x 16" in capsys.readouterr().out
    for tile, (image, labels) in enumerate(truth.values()):
        height, width = labels.shape
        np.testing.assert_array_equal(store.images[tile][:height, :width], image)
        beyond = np.ones((16, 16), bool)
        beyond[:height, :width] = False
        assert (store.masks[tile][beyond] == 255).all()
        assert not store.images[tile][beyond].any()
        valid = (store.masks[tile] != 255).mean()
        assert store.tiles["valid_fraction"][tile] == pytest.approx(valid)


def test_the_fingerprint_is_of_what_samples_hold(tmp_path):
    write_folders(tmp_path / "a")
    write_folders(tmp_path / "b")
    store = open_store(settings_of(tmp_path / "a"))
    same = open_store(settings_of(tmp_path / "b"))
    assert store.fingerprint == same.fingerprint
    road = open_store({**settings_of(tmp_path / "a"), "target": [1]})
    assert road.fingerprint != store.fingerprint
    store.verify(full=True)
    write_folders(tmp_path / "a", seed=1)
    with pytest.raises(UserError, match="samples were changed"):
        store.verify(full=True)
    assert open_store(settings_of(tmp_path / "a")).fingerprint != store.fingerprint


def test_labels_may_be_read_with_the_data_sets_own_rules(tmp_path):
    """``reduce_zero_label`` makes 0 ignored and 2 the class 1."""
    truth = write_folders(tmp_path)
    settings = settings_of(tmp_path, reduce_zero_label=True)
    store = open_store({**settings, "target": [1]})
    labels = truth["t1"][1]
    expected = np.select([(labels == 255) | (labels == 0), labels == 2], [255, 1], 0)
    np.testing.assert_array_equal(store.masks[1], expected)
    ignored = open_store({**settings_of(tmp_path), "ignored": [0]})
    np.testing.assert_array_equal(ignored.masks[1], expected)


def test_what_is_no_use_is_refused(tmp_path):
    write_folders(tmp_path)
    flip = dict(type="RandomFlip", prob=0.5)
    load = [dict(type="LoadImageFromFile"), dict(type="LoadAnnotations")]
    noise = dict(type="PhotoMetricDistortion")
    for changes, expected in (
        (dict(pipeline=[*load, noise]), "two looks at its first sample differ"),
        (dict(pipeline=[*load, flip, dict(type="PackSegInputs")]), "expected img and"),
        (dict(img_suffix=".jpg"), "holds no samples"),
    ):
        settings = settings_of(tmp_path)
        settings["dataset"] |= changes
        with pytest.raises(UserError, match=expected):
            open_store(settings)
    with pytest.raises(UserError, match=r"dataset\.store\.target: missing"):
        open_store(dict(dataset=dict(type="mmseg.BaseSegDataset")))
    with pytest.raises(UserError, match="'Nothing', expected a data set"):
        open_store(dict(dataset=dict(type="Nothing"), target=[1]))
    (tmp_path / "ann_dir" / "t3.png").unlink()
    with pytest.raises(UserError, match=r"sample 3 can't be read .*t3"):
        open_store(settings_of(tmp_path))


def test_batches_are_those_of_a_store(tmp_path):
    truth = write_folders(tmp_path)
    pipeline = [dict(type="LoadTile"), dict(type="PackTileInputs")]
    dataset = DATASETS.build(
        dict(type="TileDataset", store=settings_of(tmp_path), pipeline=pipeline)
    )
    assert isinstance(dataset.store, SampleStore) and dataset.reads_batches
    batch = dataset.__getitems__([3, 1]).read_batch()
    for place, name in enumerate(("t3", "t1")):
        image, labels = truth[name]
        np.testing.assert_array_equal(batch["inputs"][place].permute(1, 2, 0), image)
        expected = np.where(labels == 255, 255, labels == 2)
        np.testing.assert_array_equal(batch["data_samples"].gt_sem_seg[place], expected)
    single = dataset[3]
    np.testing.assert_array_equal(single["inputs"].permute(1, 2, 0), truth["t3"][0])


def test_an_array_of_rows_is_like_numpys():
    rows = np.random.default_rng(0).integers(0, 9, (5, 2, 3))
    array = SampleArray(lambda i: rows[i], rows.shape, str(rows.dtype))
    assert len(array) == 5 and array.ndim == 3
    np.testing.assert_array_equal(np.stack(list(array)), rows)
    some = np.array([True, False, True, False, True])
    for key in (2, -1, np.int64(3), slice(1, 4), [4, 0], some):
        np.testing.assert_array_equal(array[key], rows[key])
    out = np.zeros((2, 2, 3), rows.dtype)
    np.take(array, [1, 1], axis=0, out=out, mode="clip")
    np.testing.assert_array_equal(out, rows[[1, 1]])
    with pytest.raises(IndexError):
        array[5]


def test_what_loading_loses_is_said(tmp_path, capsys):
    write_folders(tmp_path)
    open_store(settings_of(tmp_path))
    assert "loaded as" not in capsys.readouterr().out
    deep = np.full((16, 16), 60_000, np.uint16)
    Image.fromarray(deep).save(tmp_path / "img_dir" / "t0.png")
    open_store(settings_of(tmp_path))
    assert "t0.png: 1 bands of uint16, loaded as 3 of uint8" in capsys.readouterr().out
