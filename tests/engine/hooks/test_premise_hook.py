from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.logging import MessageHub

from mmext.datasets.samplers import WeightedTileSampler
from mmext.engine.hooks.error_accumulation_hook import CFDR, COLLECTED_AT
from mmext.engine.hooks.premise_hook import PremiseHook, collapse
from mmext.engine.hooks.training_set_metric_hook import TRAIN_SCORES
from mmext.engine.run_warnings import said_warnings, warn_once
from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion


class Runner(SimpleNamespace):
    """What the hook needs of a runner; its log is a list."""

    def __init__(self, sampler=None):
        log: list[tuple[str, str]] = []
        super().__init__(
            epoch=0,
            message_hub=MessageHub("premise"),
            log=log,
            logger=SimpleNamespace(
                info=lambda text: log.append(("info", text)),
                warning=lambda text: log.append(("warning", text)),
            ),
            train_dataloader=SimpleNamespace(sampler=sampler),
        )

    @property
    def kinds(self):
        return [warning["kind"] for warning in said_warnings(self)]


def play(hook, runner, epochs):
    """Let a hook see epochs: (tp, fp, fn, tn) and CFDR or None of each.

    What has both was collected in a pass.
    """
    for counts, ratio in epochs:
        info = runner.message_hub.runtime_info
        if counts is not None:
            info[TRAIN_SCORES] = {"target": Confusion(*counts).as_dict()}
            if ratio is not None:
                info[COLLECTED_AT] = Confusion(*counts).iou
        if ratio is not None:
            info[CFDR] = {"total": ratio, "fn": 0.0, "fp": ratio}
        hook.after_train_epoch(runner)
        runner.epoch += 1
        info.pop(TRAIN_SCORES, None)
        info.pop(CFDR, None)
        info.pop(COLLECTED_AT, None)


FIT, UNFIT = (99, 1, 0, 900), (39, 30, 31, 900)
NOTHING = (0, 0, 70, 930)


def test_a_fit_within_the_range_is_no_warning():
    hook, runner = PremiseHook(), Runner()
    play(hook, runner, [(UNFIT, None)] * 5 + [(FIT, 0.007), (FIT, 0.034)])
    hook.after_train(runner)
    assert runner.kinds == []


def test_accumulation_below_a_fit_is_said_once_with_its_iou():
    hook, runner = PremiseHook(), Runner()
    play(hook, runner, [(UNFIT, None), (UNFIT, 0.05), (UNFIT, 0.06)])
    assert runner.kinds == ["fit"]
    [warning] = said_warnings(runner)
    assert warning["epoch"] == 2
    assert "training IoU of 0.39 (epoch 2), expected 0.9 or more" in warning["message"]
    assert [level for level, _ in runner.log] == ["warning"]


def test_what_just_misses_a_limit_is_not_rounded_to_it():
    hook, runner = PremiseHook(), Runner()
    play(hook, runner, [((8984, 1000, 16, 0), 0.10004)])
    fit, ratio = [warning["message"] for warning in said_warnings(runner)]
    assert "training IoU of 0.898 (epoch 1), expected 0.9 or more" in fit
    assert "CFDR is 10.004% after epoch 1, expected at most 10%" in ratio
    hook, runner = PremiseHook(), Runner()
    play(hook, runner, [(FIT, 0.000999996)])
    hook.after_train(runner)
    [low] = [warning["message"] for warning in said_warnings(runner)]
    assert "CFDR is 0.0999996% at the end, expected 0.10% or more" in low


def test_what_is_scored_but_not_collected_fills_no_bank():
    hook, runner = PremiseHook(), Runner()
    info = runner.message_hub.runtime_info
    info[TRAIN_SCORES] = {"target": Confusion(*UNFIT).as_dict()}
    info[CFDR] = {"total": 0.01, "fn": 0.0, "fp": 0.01}
    hook.after_train_epoch(runner)
    assert runner.kinds == []
    # A lower one of several passes counts.
    info[TRAIN_SCORES] = {"target": Confusion(*FIT).as_dict()}
    info[COLLECTED_AT] = 0.5
    hook.after_train_epoch(runner)
    assert runner.kinds == ["fit"]


@pytest.mark.parametrize(
    ("ratios", "kinds"),
    [
        ([0.1], []),
        ([0.05, 0.101], ["cfdr-high"]),
        ([0.0002, 0.0009], ["cfdr-low"]),
        ([0.0002, 0.0011], []),  # small at first: it only grows
        ([], []),
    ],
)
def test_cfdr_leaves_its_range(ratios, kinds):
    hook, runner = PremiseHook(), Runner()
    play(hook, runner, [(FIT, ratio) for ratio in ratios])
    hook.after_train(runner)
    assert runner.kinds == kinds


def test_a_collapse_needs_passes_in_a_row():
    hook, runner = PremiseHook(), Runner()
    # Epochs without a pass say nothing, and a find begins the count anew.
    play(hook, runner, [(NOTHING, None)] * 2 + [(UNFIT, None)] + [(NOTHING, None)] * 2)
    play(hook, runner, [(None, None)] * 4)
    assert runner.kinds == []
    # The count is in the message hub, hence in the checkpoint: a resumed run goes on.
    play(PremiseHook(), runner, [(NOTHING, None)])
    assert runner.kinds == ["collapse"]
    [warning] = said_warnings(runner)
    assert "finds no target pixel in 3 passes" in warning["message"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((0, 0, 5, 5), "finds no target pixel"),
        ((0, 3, 5, 2), "finds no target pixel"),
        ((5, 5, 0, 0), "calls every pixel target"),
        ((5, 0, 0, 5), ""),
        ((5, 0, 0, 0), ""),  # there is nothing but target
        ((0, 0, 0, 9), ""),  # there is no target
        ((1, 4, 4, 0), ""),
    ],
)
def test_constant_answers(counts, words):
    assert collapse(Confusion(*counts).as_dict()) == words


def test_few_negatives_drawn_often_are_said():
    negative = np.array([False] * 98 + [True] * 2)
    weights = np.where(negative, 1 / 3 / 2, 2 / 3 / 98)
    classes = {"positive": ~negative, "negative": negative}
    runner = Runner(WeightedTileSampler(weights, classes, seed=0))
    PremiseHook(draws_per_tile=16).before_train(runner)
    assert runner.kinds == ["draws-negative"]  # 100 / 3 / 2 = 16.7 each
    assert ("info", runner.log[0][1]) == runner.log[0]
    assert "positive: 98 tiles, each 0.68 times" in runner.log[0][1]
    assert "each of the 2 negative tiles up to 16.7 times" in runner.log[1][1]
    other = Runner(WeightedTileSampler(weights, classes, seed=0))
    PremiseHook(draws_per_tile=17).before_train(other)
    assert other.kinds == []


def test_other_samplers_are_none_of_its_business():
    runner = Runner(sampler=object())
    PremiseHook().before_train(runner)
    assert runner.log == []


def test_a_range_the_wrong_way_round_is_refused():
    with pytest.raises(UserError, match="expected the smaller one first"):
        PremiseHook(cfdr_range=(0.1, 0.01))


def test_warnings_that_a_checkpoint_makes_up_are_refused():
    runner = Runner()
    warn_once(runner, "fit", 3, "one")
    warn_once(runner, "fit", 4, "two")
    assert said_warnings(runner) == [{"kind": "fit", "epoch": 3, "message": "one"}]
    runner.message_hub.update_info("mmext_warnings", "nonsense")
    with pytest.raises(UserError, match="mmext_warnings: is 'nonsense'"):
        said_warnings(runner)
