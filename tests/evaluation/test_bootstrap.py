import numpy as np
import pytest

from mmext.evaluation.bootstrap import (
    crossed_bootstrap,
    fn_tp,
    fp_tp,
    iou,
    iou_deviation,
    sum_by_unit,
)


def tiles(rng, count, hit):
    """TP, FP and FN of tiles of 100 target pixels, found at a rate that varies."""
    found = rng.binomial(100, np.clip(rng.normal(hit, 0.1, count), 0, 1))
    return np.stack([found, rng.poisson(10, count), 100 - found], axis=1)


def test_scores_by_hand():
    sums = np.array([[6, 2, 4], [0, 0, 0], [0, 3, 1]])
    np.testing.assert_allclose(iou(sums), [0.5, np.nan, 0])
    np.testing.assert_allclose(fn_tp(sums), [4 / 6, np.nan, np.nan])
    np.testing.assert_allclose(fp_tp(sums), [2 / 6, np.nan, np.nan])


def test_the_value_is_of_sums_and_the_mean_over_seeds():
    rng = np.random.default_rng(0)
    first = np.stack([tiles(rng, 30, 0.5) for _ in range(3)])
    second = np.stack([tiles(rng, 30, 0.7) for _ in range(3)])
    result = crossed_bootstrap(first, second, iou, resamples=50)
    expected = iou(second.sum(axis=1)) - iou(first.sum(axis=1))
    assert result.value == pytest.approx(np.mean(expected))
    assert result.low < result.value < result.high


def test_against_a_loop_over_draws(monkeypatch):
    monkeypatch.setattr("mmext.evaluation.bootstrap._CHUNK", 8 * 7)  # several chunks
    rng = np.random.default_rng(1)
    first, second = tiles(rng, 8, 0.4)[None], tiles(rng, 8, 0.6)[None]
    result = crossed_bootstrap(first, second, fn_tp, resamples=20, level=0.9, seed=5)
    generator, values = np.random.default_rng(5), []
    for _ in range(20):
        counts = generator.multinomial(8, np.full(8, 1 / 8))
        drawn = np.repeat(np.arange(8), counts)
        a, b = first[0, drawn].sum(axis=0), second[0, drawn].sum(axis=0)
        values.append(b[2] / b[0] - a[2] / a[0])
    assert (result.low, result.high) == pytest.approx(
        tuple(np.quantile(values, [0.05, 0.95]))
    )


def test_seeds_and_units_against_a_loop_over_draws(monkeypatch):
    """Every draw put together by hand, seed by seed and unit by unit."""
    monkeypatch.setattr("mmext.evaluation.bootstrap._CHUNK", 6 * 40)  # one chunk
    rng = np.random.default_rng(6)
    first = np.stack([tiles(rng, 6, rate) for rate in (0.3, 0.4, 0.5)])
    second = np.stack([tiles(rng, 6, rate) for rate in (0.4, 0.6, 0.9)])
    result = crossed_bootstrap(first, second, iou, resamples=40, level=0.8, seed=3)
    generator = np.random.default_rng(3)
    of_units = generator.multinomial(6, np.full(6, 1 / 6), 40)
    of_seeds = generator.multinomial(3, np.full(3, 1 / 3), 40)
    values = []
    for unit_counts, seed_counts in zip(of_units, of_seeds, strict=True):
        units = np.repeat(np.arange(6), unit_counts)
        gains = []
        for seed in np.repeat(np.arange(3), seed_counts):
            a, b = first[seed, units].sum(axis=0), second[seed, units].sum(axis=0)
            gains.append(b[0] / b.sum() - a[0] / a.sum())
        values.append(np.mean(gains))
    assert (result.low, result.high) == pytest.approx(
        tuple(np.quantile(values, [0.1, 0.9]))
    )
    expected = iou(second.sum(axis=1)) - iou(first.sum(axis=1))
    assert result.value == pytest.approx(expected.mean())


def test_a_seed_without_a_score_counts_only_where_it_is_drawn():
    sums = np.array([[[5, 1, 1]] * 4, [[5, 2, 1]] * 4, [[0, 0, 3]] * 4])
    result = crossed_bootstrap(sums, sums, fn_tp, resamples=4000)
    # The third is in none of three draws with (2/3)³.
    assert result.undefined == pytest.approx(1 - (2 / 3) ** 3, abs=0.03)
    assert (result.low, result.high) == (0, 0)


def test_training_chance_is_in_the_interval():
    """Eight seeds whose true gains vary around 0: how often does 0 lie outside?"""
    rng = np.random.default_rng(8)
    outside = {"one of them": 0, "all": 0}
    for trial in range(100):
        first = np.stack([tiles(rng, 60, 0.5) for _ in range(8)])
        rates = rng.normal(0.5, 0.08, 8)
        second = np.stack([tiles(rng, 60, rate) for rate in rates])
        for name, seeds in (("one of them", slice(1)), ("all", slice(8))):
            pair = first[seeds], second[seeds]
            found = crossed_bootstrap(*pair, iou, resamples=300, seed=trial)
            outside[name] += not found.low <= 0 <= found.high
    assert outside["one of them"] > 40
    assert outside["all"] < 15


def test_deviation_over_epochs():
    rng = np.random.default_rng(9)
    sums = np.stack([tiles(rng, 5, 0.5) for _ in range(2 * 4)]).reshape(2, 4, 5, 3)
    by_hand = [
        np.std([iou(epoch.sum(axis=0)) for epoch in seed], ddof=1) for seed in sums
    ]
    np.testing.assert_allclose(iou_deviation(sums.sum(axis=2)), by_hand)
    # Steady at whatever level is no deviation.
    steady = np.repeat(sums[:, :1], 4, axis=1).swapaxes(1, 2)
    result = crossed_bootstrap(sums.swapaxes(1, 2), steady, iou_deviation, 500)
    assert result.value == pytest.approx(-np.mean(by_hand))
    assert result.high < 0


def test_the_same_method_differs_by_nothing():
    sums = tiles(np.random.default_rng(2), 10, 0.5)[None]
    result = crossed_bootstrap(sums, sums, iou)
    assert (result.value, result.low, result.high) == (0, 0, 0)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    large = [tiles(rng, 200_000, hit).sum(axis=0) for hit in (0.5, 0.6)]
    truth = iou(large[1]) - iou(large[0])
    hits = 0
    for trial in range(120):
        both = tiles(rng, 60, 0.5)[None], tiles(rng, 60, 0.6)[None]
        found = crossed_bootstrap(*both, iou, resamples=300, seed=trial)
        hits += found.low <= truth <= found.high
    assert 0.88 <= hits / 120 <= 0.99


def test_draws_without_a_score_are_left_out_and_counted():
    first = np.array([[[5, 0, 0], [0, 0, 5]]])  # the second unit alone has no TP
    result = crossed_bootstrap(first, first, fn_tp, resamples=400)
    assert 0.15 < result.undefined < 0.35
    nothing = crossed_bootstrap(first * 0, first * 0, fn_tp)
    assert np.isnan(nothing.low) and nothing.undefined == 1


def test_tiles_add_up_by_scene():
    sums = np.arange(12).reshape(4, 3)
    result = sum_by_unit(sums, np.array(["b", "a", "b", "a"]))
    np.testing.assert_array_equal(result, [sums[1] + sums[3], sums[0] + sums[2]])
