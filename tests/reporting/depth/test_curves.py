import numpy as np
import pytest

from mmext.reporting.depth.ablation import group_ablations
from mmext.reporting.depth.curves import seed_scores, training_curves
from mmext.reporting.runs import find_runs


@pytest.fixture
def ablation(write_run, tmp_path):
    for seed, score in ((0, 0.1), (1, 0.14)):
        write_run("all", seed, score)
        write_run("no_silog", seed, 2 * score)
    [ablation], _ = group_ablations(find_runs([tmp_path])[0])
    return ablation


def test_curves_are_means_over_seeds_between_least_and_most(ablation):
    figure = training_curves(ablation)
    axes = figure.axes[1]  # AbsRel: the score times 3, 2, 1 by epoch
    first, second = axes.lines
    np.testing.assert_allclose(first.get_xdata(), [1, 2, 3])
    np.testing.assert_allclose(first.get_ydata(), [0.36, 0.24, 0.12])
    np.testing.assert_allclose(second.get_ydata(), [0.72, 0.48, 0.24])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.10)
    assert corners[:, 1].max() == pytest.approx(0.42)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "all losses",
        "no SILog",
    ]


def test_every_seed_is_a_point_and_every_baseline_a_line(ablation):
    baselines = {"constant": {"all.abs_rel": 0.3}, "mean map": {"all.abs_rel": 0.2}}
    figure = seed_scores(ablation, baselines)
    axes = figure.axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(points[0].get_xdata(), [0.1, 0.14])
    np.testing.assert_allclose(points[1].get_xdata(), [0.2, 0.28])
    lines = {line.get_label(): line.get_xdata()[0] for line in axes.lines}
    assert lines["constant"] == 0.3
    assert lines["mean map"] == 0.2
    low, high = axes.get_xlim()
    assert low == 0
    assert high > 0.3
    assert figure.axes[2].get_title() == "AbsRel, object pixels"
