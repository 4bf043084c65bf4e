import numpy as np

from mmext.reporting.runs import find_runs
from mmext.reporting.segmentation import training
from mmext.reporting.segmentation.experiment import group_experiments


def experiment_in(folder):
    return group_experiments(find_runs([folder])[0])[0]


def test_deviation_of_the_next_epochs():
    values = np.random.default_rng(0).random(20)
    result = training.std_of_next(values, 10)
    for index in range(11):
        assert np.isclose(result[index], np.std(values[index : index + 10]))
    assert np.isnan(result[11:]).all()


def test_too_short_a_series_has_none():
    assert np.isnan(training.std_of_next(np.ones(3), 10)).all()


def test_the_curves_show_the_histories(experiment):
    e = experiment_in(experiment)
    [axes] = training.stages_compared(e, "iou").axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(lines["stage 1, test"], 0.5 + np.arange(1, 9) / 1000)
    np.testing.assert_allclose(lines["stage 2, test"], 0.6 + np.arange(1, 9) / 1000)
    assert "channel 0, test" in lines


def test_a_panel_per_case(experiment, write_run):
    write_run(
        "stage2_B100-250", range(1, 9), dict(parent="stage1_B", epoch=5, use="bank")
    )
    figure = training.stages_compared(experiment_in(experiment), "fp_tp")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    titles = [axes.get_title() for axes in shown]
    assert titles == ["(a) A100-200", "(b) B100-250"]


def test_the_window_scales_with_the_run(experiment):
    assert training.stability_span(experiment_in(experiment)) == 3  # 10 × 0.02


def test_losses_are_compared_if_there_are_two(write_run, experiment):
    assert training.loss_comparison(experiment_in(experiment)) is None
    for name in ("bce", "soft_iou"):
        write_run(name, range(1, 5), folder="losses")
    e = experiment_in(experiment.parent / "losses")
    [axes] = training.loss_comparison(e).axes
    assert [line.get_label() for line in axes.lines] == ["BCE", "Soft IoU"]


def test_cfdr_points_lie_on_the_curve(experiment):
    total, parts = training.cfdr(experiment_in(experiment)).axes
    [point] = [line for line in total.lines if line.get_marker() == "o"]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (4, 0.04)
    fn, fp = (line.get_ydata()[-1] for line in parts.lines[:2])
    assert (fn, fp) == (0.01, 0.03)


def test_no_accumulation_no_curve(write_run):
    path = write_run("stage1_trunk", range(1, 3))
    assert training.cfdr(experiment_in(path)) is None
