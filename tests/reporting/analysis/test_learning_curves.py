import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.analysis.learning_curves import (
    collect_series,
    draw_curves,
    series_of,
)
from mmext.reporting.runs import find_runs


@pytest.fixture
def runs(write_run):
    first = write_run("stage1_trunk", range(1, 5))
    second = write_run("stage2_A100-200", range(1, 9), offset=0.1)
    found, _ = find_runs([first, second])
    return {run.name: run for run in found}


def test_a_mask_that_is_not_named_is_the_one_that_decides(runs):
    first, second = runs["stage1_trunk"], runs["stage2_A100-200"]
    assert series_of(first, "test.iou") == pytest.approx(0.5 + np.arange(1, 5) / 1000)
    for key in ("test.iou", "test.union.iou", "test.error.iou"):
        assert series_of(second, key) == pytest.approx(0.6 + np.arange(1, 9) / 1000)
    assert series_of(first, "test.loss").tolist() == [0.2] * 4
    assert series_of(first, "seconds").tolist() == [1.0] * 4


def test_what_a_run_lacks_is_said(runs):
    series, notes = collect_series(runs, ["cfdr.total"], ())
    assert list(series["cfdr.total"]) == ["stage1_trunk"]
    [note] = notes
    assert note.endswith("stage2_A100-200: has no cfdr.total in its history")


def test_what_no_run_has_is_refused_unless_nobody_asked(runs):
    with pytest.raises(UserError, match=r"--keys: no run has lose, .*loss\.mean"):
        collect_series(runs, ["loss.mean", "lose"], ())
    series, notes = collect_series(runs, None, ("lose", "lr"))
    assert (list(series), notes) == (["lr"], [])
    with pytest.raises(UserError, match=r"no run has lose: state --keys of .*cfdr\.fn"):
        collect_series(runs, None, ["lose"])


def test_a_panel_a_key_and_a_line_a_run(runs):
    series, _ = collect_series(runs, ["loss.mean", "test.iou", "cfdr.total", "lr"], ())
    figure = draw_curves(runs, series)
    drawn = {
        axes.get_title(loc="left") or axes.get_title(): axes for axes in figure.axes
    }
    assert {name: len(axes.lines) for name, axes in drawn.items() if name} == {
        "loss.mean": 2,
        "test.iou": 2,
        "cfdr.total": 1,
        "lr": 2,
    }
    assert drawn["loss.mean"].get_yscale() == "log"
    # An epoch without the value leaves no gap that hides its neighbours.
    assert drawn["cfdr.total"].lines[0].get_xdata().tolist() == [3, 4]
