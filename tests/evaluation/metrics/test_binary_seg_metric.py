import math

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from mmext.evaluation.confusion import Confusion
from mmext.registry import METRICS


def sample(target, masks, logits=None, scene="a", row=0, col=0):
    """What a BinarySegmentor's prediction looks like as a dict."""
    masks = np.asarray(masks, np.uint8)
    logits = np.where(masks, 4.0, -4.0) if logits is None else logits
    names = ("target", "error", "fp")[: len(masks)]
    return dict(
        gt_sem_seg=dict(data=torch.as_tensor(np.asarray(target))[None]),
        pred_channels=dict(data=torch.from_numpy(masks)),
        pred_sem_seg=dict(data=torch.from_numpy(masks.any(0)[None].astype(np.int64))),
        seg_logits=dict(data=torch.as_tensor(logits, dtype=torch.float32)),
        channels=names,
        scene=scene,
        row_off=row,
        col_off=col,
    )


def evaluate(samples, size=None, **options):
    metric = METRICS.build(dict(type="BinarySegMetric", **options))
    metric.process({}, samples)
    return metric.evaluate(size or len(samples))


def test_scores_are_of_sums_not_means_of_scores():
    full = sample(np.ones((4, 4), int), [np.ones((4, 4))])
    half = np.zeros((4, 4), int)
    half[:, :1] = 1
    none = sample(half, [np.zeros((4, 4))], col=4)
    scores = evaluate([full, none])
    assert scores["test/target.iou"] == 16 / 20  # not (1 + 0) / 2
    assert scores["test/target.fn_tp"] == 4 / 16
    assert scores["test/target.tn"] == 12


def test_channels_and_union_against_the_ground_truth():
    target = np.array([[1, 1, 0, 0, 255]])
    scores = evaluate([sample(target, [[[1, 0, 0, 0, 1]], [[0, 1, 1, 0, 0]]])])
    expected = dict(target=(1, 0, 1), error=(1, 1, 1), union=(2, 1, 0))
    for name, (tp, fp, fn) in expected.items():
        counts = Confusion(tp=tp, fp=fp, fn=fn, tn=2 - fp)
        for score, value in counts.as_dict().items():
            assert scores[f"test/{name}.{score}"] == pytest.approx(value, nan_ok=True)


def test_the_loss_is_torchs_over_valid_pixels():
    torch.manual_seed(0)
    target = torch.randint(0, 2, (5, 6))
    target[0] = 255
    logits = torch.randn(1, 5, 6)
    scores = evaluate([sample(target, logits.numpy() > 0, logits)], prefix="val")
    valid = target != 255
    expected = functional.binary_cross_entropy_with_logits(
        logits[0][valid], target[valid].float()
    )
    assert scores["val/loss"] == pytest.approx(float(expected), rel=1e-6)


def test_a_field_across_tiles_is_one_field():
    """Found on its left half only: half of it is covered, so it is found."""
    left, right = np.zeros((4, 4), int), np.zeros((4, 4), int)
    left[1, 2:], right[1, :2] = 1, 1
    tiles = [
        sample(left, [left]),
        sample(right, [np.zeros((4, 4))], col=4),
    ]
    scores = evaluate(tiles)
    assert scores["test/objects.target.true_objects"] == 1
    assert scores["test/objects.target.recall"] == 1
    apart = evaluate([tiles[0], {**tiles[1], "scene": "b"}])
    assert apart["test/objects.target.true_objects"] == 2
    assert apart["test/objects.target.recall"] == 0.5


def test_nothing_to_find_has_no_score():
    empty = sample(np.zeros((3, 3), int), [np.zeros((3, 3))])
    scores = evaluate([empty])
    for name in ("target.iou", "target.f1", "objects.target.recall"):
        assert math.isnan(scores[f"test/{name}"])


def test_all_ignored():
    scores = evaluate([sample(np.full((3, 3), 255), [np.ones((3, 3))])])
    assert scores["test/target.tp"] == scores["test/target.fp"] == 0
    assert math.isnan(scores["test/loss"])


def test_repeated_tiles_are_dropped():
    """A distributed sampler fills its last round up with tiles from the start."""
    one = sample(np.ones((2, 2), int), [np.ones((2, 2))])
    scores = evaluate([one, {**one, "col_off": 2}, one], size=2)
    assert scores["test/target.tp"] == 8


def test_objects_can_be_left_out():
    scores = evaluate([sample(np.ones((2, 2), int), [np.ones((2, 2))])], objects=False)
    assert not any("objects" in name for name in scores)
