import math

import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.evaluation.depth import depth_sums
from mmext.evaluation.metrics import CappedDepthMetric


def sample(prediction, truth, objects=None):
    def data(array, dtype=torch.float32):
        return {"data": torch.as_tensor(np.asarray(array)[None]).to(dtype)}

    found = {"pred_depth_map": data(prediction), "gt_depth_map": data(truth)}
    if objects is not None:
        found["gt_object_map"] = data(objects, torch.uint8)
    return {**found, "sample_id": "7"}


def evaluate(samples, **settings):
    metric = CappedDepthMetric(**{"max_depth": 10.0, **settings})
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def scene(seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.5, 9.0, (5, 7)).astype(np.float32)
    return (truth * rng.uniform(0.7, 1.4, truth.shape)).astype(np.float32), truth


def test_unaligned_and_median_scaled():
    prediction, truth = scene()
    found = evaluate([sample(prediction, truth)])
    mask = np.ones(truth.shape, bool)
    plain = depth_sums(prediction.clip(1e-3, 10), truth, mask).scores()
    ratio = np.median(truth) / np.median(prediction)
    scaled = depth_sums((ratio * prediction).clip(1e-3, 10), truth, mask).scores()
    for name, value in plain.items():
        assert found[f"test/all.{name}"] == pytest.approx(value, rel=1e-5)
        assert found[f"test/all_median.{name}"] == pytest.approx(scaled[name], rel=1e-5)
    assert found["test/all.images"] == 1
    assert not any("object" in name for name in found)


def test_a_wrong_scale_vanishes_with_the_median():
    _, truth = scene()
    found = evaluate([sample(truth / 2, truth)])
    assert found["test/all.abs_rel"] == pytest.approx(0.5, rel=1e-5)
    assert found["test/all_median.abs_rel"] == pytest.approx(0, abs=1e-6)


def test_caps_on_truth_and_prediction():
    truth = np.array([[0.0, 2.0, 4.0, 10.0, 12.0, np.nan]])
    prediction = np.array([[5.0, 2.0, 50.0, 5.0, 5.0, 5.0]])
    found = evaluate([sample(prediction, truth)])
    # Two pixels count: a perfect one, and 4 m against 10 m.
    assert found["test/all.abs_rel"] == pytest.approx(0.75)
    assert found["test/all.rmse"] == pytest.approx(math.sqrt(18))


def test_object_pixels_have_a_median_of_their_own():
    truth = np.array([[2.0, 2.0, 8.0, 8.0]])
    prediction = np.array([[4.0, 4.0, 8.0, 8.0]])
    objects = np.array([[3, 1, 0, 0]])
    found = evaluate([sample(prediction, truth, objects)])
    assert found["test/object.abs_rel"] == pytest.approx(1)
    assert found["test/object_median.abs_rel"] == pytest.approx(0)
    assert found["test/all.abs_rel"] == pytest.approx(0.5)


def test_crop():
    truth = np.full((4, 4), 2.0)
    prediction = truth.copy()
    prediction[:2] = 4.0
    assert evaluate([sample(prediction, truth)])["test/all.abs_rel"] == 0.5
    cropped = evaluate([sample(prediction, truth)], crop=(0.5, 1, 0, 1))
    assert cropped["test/all.abs_rel"] == 0


def test_averaging():
    few, many = np.full((1, 2), 2.0), np.full((4, 4), 2.0)
    samples = [sample(2 * few, few), sample(many, many)]
    by_image = evaluate(samples)
    by_pixel = evaluate(samples, average="pixel")
    assert by_image["test/all.abs_rel"] == pytest.approx(0.5)
    assert by_pixel["test/all.abs_rel"] == pytest.approx(2 / 18)


def test_frames_without_truth():
    prediction, truth = scene()
    nothing = sample(prediction, np.zeros_like(truth), np.ones_like(truth))
    alone = evaluate([nothing])
    assert math.isnan(alone["test/all.abs_rel"]) and alone["test/all.images"] == 0
    both = evaluate([nothing, sample(prediction, truth, np.zeros_like(truth))])
    one = evaluate([sample(prediction, truth)])
    assert both["test/all.abs_rel"] == one["test/all.abs_rel"]
    assert both["test/object.images"] == 0
    assert math.isnan(both["test/object.abs_rel"])


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(min_depth=0.0), "expected 0 < min_depth"),
        (dict(max_depth=1e-4), "expected 0 < min_depth"),
        (dict(average="images"), "expected one of image, pixel"),
        (dict(crop="kitti"), "one of garg, eigen, nyu"),
    ],
)
def test_settings_without_sense_are_one_line(settings, message):
    with pytest.raises(UserError, match=message):
        CappedDepthMetric(**{"max_depth": 10.0, **settings})


def test_bad_samples_are_one_line():
    prediction, truth = scene()
    metric = CappedDepthMetric(max_depth=10.0)
    with pytest.raises(UserError, match="sample 7: prediction is"):
        metric.process({}, [sample(prediction[:2], truth)])
    lacking = sample(prediction, truth)
    del lacking["gt_depth_map"]
    with pytest.raises(UserError, match="sample 7: has no gt_depth_map"):
        metric.process({}, [lacking])


def test_structure_is_scored_of_both_outputs_whatever_their_scale():
    prediction, truth = scene()
    both = sample(prediction, truth) | {
        "pred_structural_map": {"data": torch.from_numpy(5 / truth[None] + 2)},
        "structural_space": "inverse_depth",
    }
    found = evaluate([both])
    assert found["test/structural.order_error"] == 0
    assert found["test/structural.aligned_abs_rel"] == pytest.approx(0, abs=1e-5)
    assert 0 < found["test/metric.order_error"] < 0.5
    assert "test/structural.order_error" not in evaluate([sample(prediction, truth)])
