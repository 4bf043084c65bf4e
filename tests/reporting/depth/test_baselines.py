import cv2
import numpy as np
import pytest
from mmengine.config import ConfigDict

from mmext.datasets.depth import FolderDepthDataset, MM5Dataset
from mmext.errors import UserError
from mmext.evaluation.depth import depth_sums, mean_scores
from mmext.reporting.depth.baselines import baseline_scores, build_dataset, mean_depth
from tests.datasets.depth.layouts import make_folder, write_image
from tests.depth_checkpoint import depth_config


def config_of(root, train="train", scored="eval"):
    def data(split):
        return dict(type="MM5Dataset", root=str(root), split=split)

    return depth_config(max_depth=2.0, train=data(train), scored=data(scored))


def read(root, frames):
    return {
        n: cv2.imread(str(root / f"Depth/{n}.png"), cv2.IMREAD_UNCHANGED) / 1000
        for n in frames
    }


def test_baselines_against_a_naive_computation(mm5):
    scores = baseline_scores(config_of(mm5))
    assert list(scores) == ["constant", "mean map", "mean map per rig"]
    train = read(mm5, (1, 2, 107, 108))
    stack = np.stack(list(train.values()))
    constant = np.median(stack[stack > 0])

    def mean(maps):
        total, count = np.sum(maps, axis=0), np.sum(np.array(maps) > 0, axis=0)
        return np.where(count, total / np.maximum(count, 1), constant)

    rigs = {True: mean([train[1], train[2]]), False: mean([train[107], train[108]])}
    whole = mean(list(train.values()))
    sums = {"mean map": [], "mean map per rig": [], "constant": []}
    for n, truth in read(mm5, (3, 106, 324)).items():
        for name, prediction in (
            ("constant", np.full_like(truth, constant)),
            ("mean map", whole),
            ("mean map per rig", rigs[n <= 106]),
        ):
            sums[name].append(depth_sums(prediction, truth, truth > 0))
    for name, images in sums.items():
        for score, value in mean_scores(images, "image").items():
            found = scores[name][f"all.{score}"]
            assert found == pytest.approx(value, rel=2e-3), (name, score)
        assert "object.abs_rel" in scores[name]


def test_across_rigs_there_is_no_map_per_rig(mm5):
    scores = baseline_scores(config_of(mm5, "rig_A", "rig_B"))
    assert list(scores) == ["constant", "mean map"]


def test_frames_of_several_sizes_have_no_mean_map(tmp_path):
    root = make_folder(tmp_path)
    write_image(root / "depth/f1.png", np.full((5, 7), 2000, np.uint16))
    means = mean_depth(FolderDepthDataset(root), (1e-3, 10))
    assert means.map is None
    assert means.by_sequence == {}


def test_without_valid_depth_there_is_nothing_to_average(mm5):
    with pytest.raises(UserError, match="no valid depth"):
        mean_depth(MM5Dataset(mm5), (50.0, 80.0))


def test_structural_maps_are_not_needed(mm5):
    settings = dict(type="MM5Dataset", root=str(mm5), structural="absent")
    assert len(build_dataset(ConfigDict(settings))) == 4


def test_the_published_traps_of_mm5(shared_data):
    root = shared_data / "mm5_rgbdt"
    scores = baseline_scores(config_of(root))
    expected = {
        "constant": (0.289, 0.280),
        "mean map": (0.127, 0.158),
        "mean map per rig": (0.018, 0.030),
    }
    for name, (abs_rel, rmse) in expected.items():
        assert scores[name]["all.abs_rel"] == pytest.approx(abs_rel, abs=1e-3)
        assert scores[name]["all.rmse"] == pytest.approx(rmse, abs=1e-3)
    objects = scores["mean map per rig"]
    assert objects["object.abs_rel"] == pytest.approx(0.066, abs=1e-3)
