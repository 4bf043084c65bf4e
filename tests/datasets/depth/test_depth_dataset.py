import json

import cv2
import numpy as np
import pytest

from mmext.datasets.depth import FolderDepthDataset
from mmext.datasets.depth.structural_maps import (
    StructuralNote,
    find_map,
    read_map,
    read_note,
)
from mmext.errors import UserError
from mmext.registry import DATASETS

from .layouts import make_folder

LOAD = [dict(type="LoadThermal"), dict(type="LoadStructural")]
NOTE = StructuralNote("inverse_depth", False, "midas", "ab" * 32, (224, 224))


def make_maps(folder, ids, shape=(24, 40)):
    NOTE.write(folder)
    for number, name in enumerate(ids):
        values = np.full(shape, number + 0.5, np.float32)
        assert cv2.imwrite(str(folder / f"{name}.tif"), values)
    return folder


def test_maps_by_sample_id_and_their_note(tmp_path):
    root = make_folder(tmp_path / "data")
    maps = make_maps(tmp_path / "maps", ["f0", "f1", "f2", "f3"])
    data = FolderDepthDataset(root, structural=maps, pipeline=LOAD)
    assert (data[2]["gt_structural_map"] == 2.5).all()
    assert data.metainfo["structural_space"] == "inverse_depth"
    assert data.metainfo["store"]["structural"]["sha256"] == "ab" * 32
    json.dumps(data.metainfo)  # plain values, as a checkpoint takes them


def test_missing_maps_and_notes_are_named(tmp_path):
    root = make_folder(tmp_path / "data")
    maps = make_maps(tmp_path / "maps", ["f0", "f2"])
    with pytest.raises(UserError, match=r"lacks 2 of 4 .* first is f1\.tif"):
        FolderDepthDataset(root, structural=maps)
    (maps / "structural.json").unlink()
    with pytest.raises(UserError, match=r"structural\.json: no such file"):
        FolderDepthDataset(root, structural=maps)


def test_fingerprint_tells_teachers_apart_but_not_runs(tmp_path):
    root = make_folder(tmp_path / "data")
    maps = make_maps(tmp_path / "maps", ["f0", "f1", "f2", "f3"])

    def fingerprint():
        data = FolderDepthDataset(root, structural=maps)
        return data.metainfo["store"]["fingerprint"]

    first = fingerprint()
    assert fingerprint() == first
    StructuralNote("inverse_depth", False, "other", "cd" * 32).write(maps)
    assert fingerprint() != first


def test_depth_scale_must_be_positive(tmp_path):
    with pytest.raises(UserError, match="depth_scale"):
        FolderDepthDataset(make_folder(tmp_path), depth_scale=0)


def test_a_missing_file_is_found_before_training(tmp_path):
    root = make_folder(tmp_path)
    (root / "depth/f1.png").unlink()
    with pytest.raises(UserError, match=r"1 of 4 depth files .*f1\.png"):
        FolderDepthDataset(root)


def test_found_by_name_in_the_registry(tmp_path):
    config = dict(type="FolderDepthDataset", root=str(make_folder(tmp_path)))
    assert len(DATASETS.build(config)) == 4


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"space": "disparity"}, "expected one of depth, inverse_depth"),
        ({"format": 2}, "format: is 2, expected 1"),
    ],
)
def test_notes_of_another_kind_are_refused(tmp_path, change, complaint):
    NOTE.write(tmp_path)
    path = tmp_path / "structural.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(UserError, match=complaint):
        read_note(tmp_path)


def test_a_note_survives_writing(tmp_path):
    NOTE.write(tmp_path)
    assert read_note(tmp_path) == NOTE


def test_maps_with_wrong_values_are_refused(tmp_path):
    for name, values in (
        ("negative", np.array([[-1.0, 1]], np.float32)),
        ("nan", np.array([[np.nan, 1]], np.float32)),
        ("counts", np.array([[3, 1]], np.uint16)),
    ):
        np.save(tmp_path / f"{name}.npy", values)
        with pytest.raises(UserError, match=rf"{name}\.npy"):
            read_map(tmp_path / f"{name}.npy")
    np.save(tmp_path / "half.npy", np.ones((2, 3), np.float16))
    assert read_map(tmp_path / "half.npy").dtype == np.float32
    assert find_map(tmp_path, "half") == tmp_path / "half.npy"
    assert find_map(tmp_path, "none") is None


def test_a_pickled_map_is_not_read(tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{}], dtype=object))
    with pytest.raises(UserError, match="not a NumPy array"):
        read_map(tmp_path / "evil.npy")
