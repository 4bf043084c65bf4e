"""Each class against files laid out and encoded as its public set's are."""

import numpy as np
import pytest

from mmext.datasets.depth import (
    FolderDepthDataset,
    MM5Dataset,
    MS2Dataset,
    ViViDDataset,
)
from mmext.datasets.depth.ms2_calibration import convert_calibration
from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.errors import UserError

from .layouts import (
    RGB_K,
    THERMAL_K,
    depth_metres,
    make_folder,
    make_mm5,
    make_ms2,
    make_vivid,
    thermal_counts,
    write_image,
)

PIPELINE = [dict(type="LoadThermal"), dict(type="LoadDepth")]


def test_ms2(tmp_path):
    data = MS2Dataset(make_ms2(tmp_path), pipeline=PIPELINE)
    assert len(data) == 6
    assert data.sample(4)["sample_id"] == "_2021-08-13-22-16-02/000001"
    assert data.sample(4)["sequence"] == "_2021-08-13-22-16-02"
    assert data.sample(4)["rgb_path"].endswith("rgb/img_left/000001.png")
    loaded = data[1]
    # 256 to a metre, so a stored depth is right to 1 / 512 m.
    truth = depth_metres(1, far=79)
    np.testing.assert_allclose(loaded["gt_depth_map"], truth, atol=1 / 512 + 1e-5)
    raw = thermal_counts(1).astype(float)
    low, high = np.percentile(raw, (1, 99))
    expected = np.clip((raw - low) / (high - low), 0, 1)
    np.testing.assert_allclose(loaded["img"][..., 0], expected, atol=1e-5)
    assert data.metainfo["store"]["normalisation"]["type"] == "percentile"


def test_ms2_takes_every_nth_frame_of_each_sequence(tmp_path):
    lists = ("train_list.txt", "val_list.txt")
    root = make_ms2(tmp_path)
    with pytest.raises(UserError, match="names some sample twice"):
        MS2Dataset(root, lists=lists)
    data = MS2Dataset(root, step=2)
    assert [s.sample_id[-6:] for s in data.samples] == ["000000", "000002"] * 2


def test_ms2_without_truth_or_colour(tmp_path):
    root = make_ms2(tmp_path)
    for file in root.glob("sync_data/*/rgb/img_left/*.png"):
        file.unlink()
    data = MS2Dataset(root, lists="val_list.txt", depth=None, pipeline=PIPELINE[:1])
    assert data.sample(0)["depth_path"] is None
    assert data.sample(0)["rgb_path"] is None
    assert "gt_depth_map" not in data[0]
    with pytest.raises(UserError, match=r"6 of 6 depth files are missing.*depth_multi"):
        MS2Dataset(root, depth="depth_multi")


def test_ms2_calibration_needs_the_conversion(tmp_path):
    root = make_ms2(tmp_path)
    data = MS2Dataset(root, lists="val_list.txt")
    with pytest.raises(UserError, match=r"convert_ms2_calibration\.py"):
        data.camera_pair(0)
    convert_calibration(root / "sync_data/_2021-08-13-22-16-02/calib.npy")
    pair = data.camera_pair(0)
    np.testing.assert_array_equal(pair.k_thermal, THERMAL_K)
    np.testing.assert_array_equal(pair.k_rgb, RGB_K)
    # nir → thermal is +100 mm in x, nir → rgb −50 mm in x and +20 mm in y.
    np.testing.assert_allclose(pair.translation, (-0.15, 0.02, 0))


def test_vivid(tmp_path):
    data = ViViDDataset(make_vivid(tmp_path), pipeline=PIPELINE)
    assert [s.sample_id for s in data.samples] == [
        "indoor_aggresive_dark/000000",
        "indoor_aggresive_dark/000001",
    ]
    np.testing.assert_allclose(data[1]["gt_depth_map"], depth_metres(1), rtol=1e-6)
    np.testing.assert_allclose(data.camera_pair(0).translation, (-0.15, 0, 0))
    np.testing.assert_array_equal(data.camera_pair(0).k_rgb, RGB_K)


def test_mm5(tmp_path):
    root = make_mm5(tmp_path)
    pipeline = [*PIPELINE, dict(type="LoadObjectMask")]
    data = MM5Dataset(root, pipeline=pipeline)
    assert [s.sample_id for s in data.samples] == ["1", "2", "107"]
    loaded = data[2]
    truth = depth_metres(107, far=1.4)
    np.testing.assert_allclose(loaded["gt_depth_map"], truth, atol=6e-4)
    assert (loaded["gt_object_map"] > 0).sum() == 50
    assert [s.sample_id for s in MM5Dataset(root, "eval").samples] == ["106", "324"]


def test_mm5_by_rig_takes_both_published_lists(tmp_path):
    root = make_mm5(tmp_path)
    rig_a, rig_b = MM5Dataset(root, "rig_A"), MM5Dataset(root, "rig_B")
    assert [s.sample_id for s in rig_a.samples] == ["1", "2", "106"]
    assert {s.sequence for s in rig_a.samples} == {"A"}
    assert [s.sample_id for s in rig_b.samples] == ["107", "324"]
    with pytest.raises(UserError, match="'test', expected one of train, eval"):
        MM5Dataset(root, "test")


def test_mm5_list_that_is_none(tmp_path):
    root = make_mm5(tmp_path)
    (root / "train_dataset.csv").write_text("ID\nx\n")
    with pytest.raises(UserError, match="whole numbers in a column ID"):
        MM5Dataset(root)


def test_folder(tmp_path):
    root = make_folder(tmp_path)
    data = FolderDepthDataset(root, split="train", pipeline=PIPELINE)
    assert len(data) == 3
    np.testing.assert_allclose(data[2]["gt_depth_map"], depth_metres(2), atol=6e-4)
    assert data.camera_pair(0) is None
    with pytest.raises(UserError, match="no row with split 'val'"):
        FolderDepthDataset(root, split="val")


def test_folder_with_the_thermal_image_alone(tmp_path):
    write_image(tmp_path / "a/1.png", thermal_counts(1))
    (tmp_path / "list.csv").write_text("thermal\na/1.png\n")
    data = FolderDepthDataset(tmp_path, "list.csv", pipeline=PIPELINE[:1])
    assert data.sample(0)["sample_id"] == "1"
    assert data[0]["img"].shape == (24, 40, 1)
    (tmp_path / "list.csv").write_text("thermal,image\na/1.png,\n")
    with pytest.raises(UserError, match=r"columns image; expected thermal"):
        FolderDepthDataset(tmp_path, "list.csv")


def test_folder_with_maps_named_in_the_csv(tmp_path):
    root = make_folder(tmp_path)
    np.save(root / "map.npy", np.ones((24, 40), np.float32))
    StructuralNote("inverse_depth", False, "x", "").write(root / "structural")
    (root / "list.csv").write_text("thermal,structural\nthermal/f0.png,map.npy\n")
    pipeline = [dict(type="LoadThermal"), dict(type="LoadStructural")]
    data = FolderDepthDataset(root, "list.csv", pipeline=pipeline)
    assert data[0]["gt_structural_map"].sum() == 24 * 40
    assert data.metainfo["structural_space"] == "inverse_depth"


class TestRealFiles:
    def test_mm5(self, shared_data):
        root = shared_data / "mm5_rgbdt"
        pipeline = [*PIPELINE, dict(type="LoadObjectMask")]
        parts = {
            split: MM5Dataset(root, split, pipeline=pipeline)
            for split in ("train", "eval", "rig_A", "rig_B")
        }
        lengths = {split: len(data) for split, data in parts.items()}
        assert lengths == {"train": 248, "eval": 76, "rig_A": 106, "rig_B": 218}
        assert not {s.sample_id for s in parts["train"].samples} & {
            s.sample_id for s in parts["eval"].samples
        }
        loaded = parts["rig_A"][0]
        assert loaded["img"].shape == (240, 320, 1)
        valid = loaded["gt_depth_map"][loaded["gt_depth_map"] > 0]
        assert 0.3 < valid.min() < valid.max() < 3
        assert 0 < (loaded["gt_object_map"] > 0).mean() < 0.2

    def test_ms2(self, shared_data):
        data = MS2Dataset(
            shared_data / "ms2_layout",
            lists="test_day_list.txt",
            depth="depth_sgm_approx",
            pipeline=PIPELINE,
        )
        assert [s.sample_id for s in data.samples] == ["_demo/000011", "_demo/002079"]
        loaded = data[0]
        assert loaded["img"].shape == (256, 640, 1)
        assert 70 < loaded["gt_depth_map"].max() < 80
