import cv2
import numpy as np
import pytest
import torch

from mmext.datasets.depth import FolderDepthDataset
from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.datasets.depth.transforms.load_depth import read_metres
from mmext.errors import UserError
from mmext.registry import TRANSFORMS
from tests.datasets.depth.layouts import make_folder, thermal_counts, write_image

LOAD = [
    dict(type="LoadThermal"),
    dict(type="LoadDepth"),
    dict(type="LoadStructural"),
    dict(type="LoadObjectMask"),
]
PACK = dict(type="PackDepthInputs")


@pytest.fixture
def one_sample(tmp_path):
    """A frame whose thermal image, depth, map and labels all are the same picture."""
    values = thermal_counts(0, (25, 41), 1000, 9000)
    write_image(tmp_path / "thermal.png", values)
    write_image(tmp_path / "depth.png", values)
    write_image(tmp_path / "labels.png", (values // 256).astype(np.uint8))
    StructuralNote("depth", True, "true depth", "").write(tmp_path / "structural")
    cv2.imwrite(str(tmp_path / "structural/x.tif"), values.astype(np.float32) / 1000)
    (tmp_path / "samples.csv").write_text(
        "sample_id,thermal,depth,structural,object_mask\n"
        "x,thermal.png,depth.png,structural/x.tif,labels.png\n"
    )

    def make(*steps):
        return FolderDepthDataset(tmp_path, pipeline=steps)[0]

    make.root = tmp_path
    make.values = values
    return make


@pytest.mark.parametrize(
    "step",
    [
        dict(type="RandomFlip", prob=1.0),
        dict(type="RandomFlip", prob=1.0, direction="vertical"),
        dict(type="RandomCrop", crop_size=(16, 24)),
        dict(type="Resize", scale=(82, 50), interpolation="nearest"),
        dict(type="Resize", scale=(20, 12), interpolation="nearest"),
    ],
)
def test_all_maps_move_with_the_image(one_sample, step):
    moved = one_sample(
        dict(type="LoadThermal", normalisation=dict(type="range", low=0, high=10000)),
        *LOAD[1:],
        step,
    )
    picture = moved["img"].squeeze() * 10
    assert moved["img_shape"] == picture.shape
    np.testing.assert_allclose(moved["gt_depth_map"], picture, atol=1e-4)
    np.testing.assert_allclose(moved["gt_structural_map"], picture, atol=1e-4)
    labels = np.floor(picture * 1000 / 256 + 1e-3)
    np.testing.assert_array_equal(moved["gt_object_map"], labels)
    assert set(moved["seg_fields"]) == {
        "gt_depth_map",
        "gt_structural_map",
        "gt_object_map",
    }


def test_packed_shapes_and_dtypes(one_sample):
    packed = one_sample(*LOAD, PACK)
    assert packed["inputs"].shape == (1, 25, 41)
    assert packed["inputs"].dtype == torch.float32
    assert 0 <= packed["inputs"].min() < packed["inputs"].max() <= 1
    sample = packed["data_samples"]
    assert sample.gt_depth_map.data.shape == (1, 25, 41)
    assert sample.gt_structural_map.data.dtype == torch.float32
    assert sample.gt_object_map.data.dtype == torch.uint8
    assert sample.metainfo["sample_id"] == "x"
    assert sample.metainfo["ori_shape"] == (25, 41)


def test_the_thermal_image_alone_packs(one_sample):
    packed = one_sample(LOAD[0], dict(type="Resize", scale=(32, 16)), PACK)
    assert packed["inputs"].shape == (1, 16, 32)
    assert packed["data_samples"].metainfo["ori_shape"] == (25, 41)
    assert packed["data_samples"].keys() == []


def test_truth_after_resize_keeps_its_size(one_sample):
    steps = (LOAD[0], dict(type="Resize", scale=(32, 16)), *LOAD[1:], PACK)
    packed = one_sample(*steps)
    assert packed["inputs"].shape == (1, 16, 32)
    depth = packed["data_samples"].gt_depth_map.data[0].numpy()
    np.testing.assert_allclose(depth, one_sample.values / 1000, atol=1e-4)


def test_a_scale_in_the_transform_goes_first(one_sample):
    loaded = one_sample(LOAD[0], dict(type="LoadDepth", scale=250))
    np.testing.assert_allclose(
        loaded["gt_depth_map"], one_sample.values / 250, rtol=1e-6
    )


def test_depth_without_measurement_is_zero(tmp_path):
    stored = np.array([[0, -1, np.nan], [np.inf, 2, 0.5]], np.float64)
    np.save(tmp_path / "d.npy", stored)
    expected = [[0, 0, 0], [0, 2, 0.5]]
    np.testing.assert_array_equal(read_metres(tmp_path / "d.npy", 1), expected)


def test_a_sample_without_depth_is_named(tmp_path):
    root = make_folder(tmp_path)
    (root / "list.csv").write_text("thermal\nthermal/f0.png\n")
    steps = [dict(type="LoadThermal"), dict(type="LoadDepth")]
    with pytest.raises(UserError, match=r"sample f0: has no .*LoadDepth"):
        FolderDepthDataset(root, "list.csv", pipeline=steps)[0]


@pytest.mark.parametrize("name", ["LoadStructural", "LoadObjectMask"])
def test_what_is_optional_may_be_absent(tmp_path, name):
    root = make_folder(tmp_path)
    (root / "list.csv").write_text("thermal\nthermal/f0.png\n")
    steps = [dict(type="LoadThermal"), dict(type=name)]
    sample = FolderDepthDataset(root, "list.csv", pipeline=steps)[0]
    assert sample["seg_fields"] == []


def test_maps_of_another_view_are_refused(one_sample):
    write_image(one_sample.root / "depth.png", np.ones((12, 20), np.uint16))
    with pytest.raises(UserError, match=r"is 12×20, expected 25×41 .*warped"):
        one_sample(*LOAD[:2])


def test_labels_of_16_bit_are_refused(one_sample):
    write_image(one_sample.root / "labels.png", one_sample.values)
    with pytest.raises(UserError, match="uint16, expected labels in uint8"):
        one_sample(LOAD[0], LOAD[3])


def test_temperatures_that_are_not_finite_are_refused(tmp_path):
    np.save(tmp_path / "t.npy", np.array([[1.0, np.nan]]))
    load = TRANSFORMS.build(dict(type="LoadThermal"))
    with pytest.raises(UserError, match="not finite"):
        load(dict(thermal_path=str(tmp_path / "t.npy")))
