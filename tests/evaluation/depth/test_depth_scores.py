"""Depth scores against a loop, mmseg's own, and each other."""

import math

import numpy as np
import pytest
import torch
from mmseg.evaluation.metrics import DepthMetric

from mmext.errors import UserError
from mmext.evaluation.depth import (
    SCORES,
    DepthSums,
    crop_mask,
    depth_sums,
    least_squares_alignment,
    mean_scores,
    median_ratio,
)


def maps(seed=0, shape=(6, 8)):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.5, 9, shape)
    prediction = truth * rng.uniform(0.6, 1.7, shape)
    return prediction, truth, rng.random(shape) > 0.2


def naive(prediction, truth, mask):
    pairs = [
        (p, d)
        for p, d, m in zip(prediction.flat, truth.flat, mask.flat, strict=True)
        if m
    ]
    n = len(pairs)
    g = [math.log(p) - math.log(d) for p, d in pairs]
    scores = {
        "abs_rel": sum(abs(p - d) / d for p, d in pairs) / n,
        "sq_rel": sum((p - d) ** 2 / d for p, d in pairs) / n,
        "rmse": math.sqrt(sum((p - d) ** 2 for p, d in pairs) / n),
        "rmse_log": math.sqrt(sum(x * x for x in g) / n),
        "log10": sum(abs(math.log10(p) - math.log10(d)) for p, d in pairs) / n,
        "silog": 100 * math.sqrt(sum(x * x for x in g) / n - (sum(g) / n) ** 2),
    }
    for power in (1, 2, 3):
        close = [max(p / d, d / p) < 1.25**power for p, d in pairs]
        scores[f"d{power}"] = sum(close) / n
    return scores


def test_against_a_loop():
    found = depth_sums(*maps()).scores()
    assert tuple(found) == SCORES
    assert found == pytest.approx(naive(*maps()))


def test_against_mmseg_where_the_formulas_are_the_same():
    prediction, truth, mask = maps()
    expected = DepthMetric._calc_all_metrics(
        torch.from_numpy(truth[mask]), torch.from_numpy(prediction[mask])
    )
    found = depth_sums(prediction, truth, mask).scores()
    del expected["silog"]  # λ = 0.5, and no percent
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_a_perfect_prediction():
    _, truth, mask = maps()
    scores = depth_sums(truth, truth, mask).scores()
    assert scores == {**dict.fromkeys(SCORES, 0.0), "d1": 1.0, "d2": 1.0, "d3": 1.0}


def test_silog_is_blind_to_the_scale_and_abs_rel_is_not():
    _, truth, mask = maps()
    scores = depth_sums(3 * truth, truth, mask).scores()
    assert scores["silog"] == pytest.approx(0, abs=1e-4)
    assert scores["abs_rel"] == pytest.approx(2)


def test_pooling_and_averaging():
    first, second = maps(0), maps(1, (3, 3))
    sums = [depth_sums(*first), depth_sums(*second)]
    pooled = depth_sums(
        *(
            np.concatenate([a.ravel(), b.ravel()])
            for a, b in zip(first, second, strict=True)
        )
    )
    assert mean_scores(sums, "pixel") == pytest.approx(pooled.scores())
    means = mean_scores(sums, "image")
    for name in SCORES:
        expected = (naive(*first)[name] + naive(*second)[name]) / 2
        assert means[name] == pytest.approx(expected)


def test_images_without_truth_count_for_nothing():
    sums = depth_sums(*maps())
    for average in ("image", "pixel"):
        assert mean_scores([sums, DepthSums()], average) == mean_scores([sums], average)
        empty = mean_scores([DepthSums()], average)
        assert all(math.isnan(value) for value in empty.values())


def test_median_scaling():
    _, truth, mask = maps()
    assert median_ratio(truth / 4, truth, mask) == pytest.approx(4)
    assert median_ratio(truth, truth, np.zeros_like(mask)) == 1


def test_least_squares_against_numpy():
    values, truth, mask = maps()
    design = np.stack([values[mask], np.ones(mask.sum())], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(design, truth[mask], rcond=None)
    found = least_squares_alignment(values, truth, mask)
    np.testing.assert_allclose(found, scale * values + shift)
    flat = least_squares_alignment(np.ones_like(values), truth, mask)
    np.testing.assert_allclose(flat, truth[mask].mean())


def test_crops():
    # DEPTH's own numbers, at the sizes they were made for.
    nyu = np.zeros((480, 640), bool)
    nyu[45:471, 41:601] = True
    np.testing.assert_array_equal(crop_mask((480, 640), "nyu"), nyu)
    garg = crop_mask((375, 1242), "garg")
    assert garg[153:371, 44:1197].all() and garg.sum() == 218 * 1153
    assert crop_mask((3, 4), None).all()
    quarter = crop_mask((4, 4), (0, 0.5, 0.5, 1))
    assert quarter[:2, 2:].all() and quarter.sum() == 4


@pytest.mark.parametrize("crop", ["kitti", (0, 1, 0), (0.5, 0.5, 0, 1), (0, 1, 0, 2)])
def test_no_crop_is_one_line(crop):
    with pytest.raises(UserError, match="crop: is"):
        crop_mask((4, 4), crop)
