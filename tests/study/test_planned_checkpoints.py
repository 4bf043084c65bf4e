"""What a training will keep, against files that one left and rules by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmext.errors import UserError
from mmext.study.arm_weights import Weights
from mmext.study.planned_checkpoints import planned_epochs, refuse_unkept
from mmext.study.schedule import needed_trainings
from mmext.study.stability import StabilityWindow
from mmext.study.study_file import Arm, read_study
from mmext.study.training_configs import write_training_configs

STUDIES = Path(__file__).resolve().parents[2] / "configs" / "studies"


@pytest.fixture
def plan(tmp_path):
    """Trainings of an arm by name, with options for checkpoints."""

    def plan(name, scale=1, **hook):
        study = read_study(STUDIES / "dead_trees.py")
        study = replace(study, arms=[Arm(name, name)])
        configs = write_training_configs(study, tmp_path)
        own = {f"default_hooks.checkpoint.{key}": hook[key] for key in hook}
        options = {"*": {"epoch_scale": scale, **own}}
        found = needed_trainings(configs, [0], options, tmp_path)
        return study, {t.config_path.stem: t for t in found}

    return plan


@pytest.mark.parametrize(
    "name, scale, hook, expected",
    [
        ("stage1_trunk", 1, {}, [190, 200]),
        ("stage1_trunk", 1, dict(max_keep_ckpts=1), [200]),
        ("stage1_trunk", 1, dict(interval=30, max_keep_ckpts=3), [150, 180, 200]),
        # Scaled, as the trunk's 200 epochs are.
        ("stage1_trunk", 0.1, dict(interval=20, max_keep_ckpts=3), [16, 18, 20]),
        ("stage1_trunk", 0.02, dict(max_keep_ckpts=-1), [1, 2, 3, 4]),
        # A branch begins where its parent is: at 200 of 300, at 400 of 700.
        ("stage1_B", 0.02, dict(max_keep_ckpts=-1), [5, 6]),
        ("stage1_budget", 0.02, dict(max_keep_ckpts=-1), [9, 10, 11, 12, 13, 14]),
        # A second stage that reads a bank begins anew.
        ("stage2_B100-300", 0.02, dict(interval=100), [6, 8]),
    ],
)
def test_what_will_be_kept(plan, name, scale, hook, expected):
    _, trainings = plan(name, scale, **hook)
    assert planned_epochs(trainings[name]) == expected


@pytest.mark.parametrize(
    "hook, arm, message",
    [
        ({}, dict(weights=Weights(mean=40)), None),
        ({}, dict(weights=Weights(mean=5)), "needs 2 checkpoints or more of stage1_tr"),
        (dict(max_keep_ckpts=1), dict(weights=Weights(best="val")), "will keep 1 that"),
        (dict(), dict(weights=Weights(best="val")), "epochs 190 to 200 only"),
        (dict(), dict(weights=Weights(best="val", last=20)), None),
        (dict(max_keep_ckpts=-1), dict(weights=Weights(best="val")), None),
        (dict(max_keep_ckpts=1), dict(weights=Weights(batch_norm=True)), None),
        ({}, dict(stability=True), "needs 3 checkpoints or more .* will keep 2 that"),
        (dict(interval=2, max_keep_ckpts=20), dict(stability=True), None),
        (dict(max_keep_ckpts=1), {}, None),
    ],
)
def test_refused_before_anything_is_trained(plan, hook, arm, message):
    study, trainings = plan("stage1_trunk", **hook)
    study = replace(
        study,
        arms=(Arm("x", "stage1_trunk", **arm),),
        stability=StabilityWindow(last=40, every=4),
    )
    if message is None:
        refuse_unkept(study, trainings)
        return
    with pytest.raises(UserError, match=f"arm 'x'.*{message}"):
        refuse_unkept(study, trainings)


@pytest.mark.parametrize(
    "kept, message",
    [
        (dict(stage1_trunk=2), "epochs 190 to 400 only"),
        (dict(stage1_baseline=2), None),
        ({}, None),
    ],
)
def test_early_stopping_needs_what_a_training_continues(tmp_path, kept, message):
    """The baseline goes on where the trunk has kept what it has kept."""
    study = read_study(STUDIES / "dead_trees.py")
    arm = Arm("x", "stage1_baseline", weights=Weights(best="val"))
    study = replace(study, arms=[arm])
    configs = write_training_configs(study, tmp_path)
    key = "default_hooks.checkpoint.max_keep_ckpts"
    options = {"*": {key: -1}, **{name: {key: kept[name]} for name in kept}}
    found = needed_trainings(configs, [0], options, tmp_path)
    trainings = {t.config_path.stem: t for t in found}
    if message is None:
        refuse_unkept(study, trainings)
        return
    with pytest.raises(UserError, match=f"arm 'x': .*{message}"):
        refuse_unkept(study, trainings)
