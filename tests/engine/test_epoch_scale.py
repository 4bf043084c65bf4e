import pytest
from mmengine.config import Config

from mmext.engine.epoch_scale import apply_epoch_scale, scale_epoch
from mmext.errors import UserError


def make_config(scale):
    return Config(
        dict(
            epoch_scale=scale,
            train_cfg=dict(max_epochs=250),
            lineage=dict(parent="stage1_trunk", epoch=200, use="branch"),
            default_hooks=dict(
                checkpoint=dict(type="AtomicCheckpointHook", interval=10),
                error_accumulation=dict(
                    type="ErrorAccumulationHook", begin=100, snapshots=[200, 250]
                ),
                off=None,
            ),
        )
    )


def test_all_epoch_numbers_scale_together_and_only_once():
    config = make_config(0.06)
    apply_epoch_scale(config)
    apply_epoch_scale(config)
    assert config.train_cfg.max_epochs == 15
    assert config.lineage.epoch == 12
    hooks = config.default_hooks
    assert hooks.checkpoint.interval == 1
    assert hooks.error_accumulation.begin == 6
    assert hooks.error_accumulation.snapshots == [12, 15]


def test_begin_by_train_iou_is_no_epoch():
    config = make_config(0.1)
    config.default_hooks.error_accumulation.begin = dict(train_iou=0.99)
    apply_epoch_scale(config)
    assert config.default_hooks.error_accumulation.begin == dict(train_iou=0.99)


def test_snapshots_that_fall_together_and_nonsense_are_refused():
    with pytest.raises(UserError, match="fall together"):
        apply_epoch_scale(make_config(0.001))
    with pytest.raises(UserError, match="epoch_scale: is 0"):
        apply_epoch_scale(make_config(0))


def test_an_epoch_is_never_scaled_away():
    assert scale_epoch(100, 0.001) == 1


def test_every_key_that_counts_epochs_is_scaled():
    config = Config(
        dict(
            epoch_scale=0.5,
            train_cfg=dict(
                max_epochs=100,
                val_begin=40,
                val_interval=5,
                dynamic_intervals=[(80, 1)],
            ),
            param_scheduler=[
                dict(type="MultiStepLR", milestones=[60, 90], gamma=0.1),
                dict(type="mmengine.StepLR", step_size=20, begin=0, end=50),
                dict(type="CosineRestartLR", periods=[40, 40], restart_weights=[1, 1]),
                dict(type="PolyLR", by_epoch=False, end=1000),
                dict(type="ExponentialLR", gamma=0.81),
            ],
            custom_hooks=[
                dict(type="mmext.ErrorAccumulationHook", begin=60, snapshots=[80]),
                dict(type="mmengine.CheckpointHook", interval=10, save_begin=20),
                dict(type="CheckpointHook", interval=500, by_epoch=False),
                dict(type="EMAHook", begin_epoch=30, momentum=0.1),
                dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
                dict(type="EarlyStoppingHook", monitor="test/loss", patience=5),
            ],
        )
    )
    apply_epoch_scale(config)
    loop = config.train_cfg
    assert (loop.max_epochs, loop.val_begin, loop.val_interval) == (50, 20, 5)
    assert loop.dynamic_intervals == [(40, 1)]
    steps, step, restart, poly, exponential = config.param_scheduler
    assert (steps.milestones, steps.gamma) == ([30, 45], 0.1)
    assert (step.step_size, step.begin, step.end) == (10, 0, 25)
    assert restart.periods == [20, 20]
    assert poly.end == 1000
    # Half as many epochs, the same learning rate at the end.
    assert exponential.gamma**50 == pytest.approx(0.81**100)
    bank, checkpoint, by_iteration, ema, logger, early = config.custom_hooks
    assert (bank.begin, bank.snapshots) == (30, [40])
    assert (checkpoint.interval, checkpoint.save_begin) == (5, 10)
    assert by_iteration.interval == 500
    assert ema.begin_epoch == 15
    assert (logger.interval, early.patience) == (50, 5)


@pytest.mark.parametrize(
    "schedulers, end",
    [
        (dict(type="LinearLR", end=10), lambda found: found.end),
        (dict(a=[dict(type="LinearLR", end=10)]), lambda found: found.a[0].end),
    ],
)
def test_one_scheduler_and_several_optimizers(schedulers, end):
    config = Config(dict(epoch_scale=0.5, param_scheduler=schedulers))
    apply_epoch_scale(config)
    assert end(config.param_scheduler) == 5


def test_the_start_is_the_start_at_any_length():
    config = make_config(0.06)
    config.default_hooks.error_accumulation.begin = 0
    apply_epoch_scale(config)
    assert config.default_hooks.error_accumulation.begin == 0


@pytest.mark.parametrize(
    "change, message",
    [
        (
            dict(param_scheduler=[dict(type="MultiStepLR", milestones=[3, 4])]),
            r"\[3, 4\] of param_scheduler\[0\].milestones fall together",
        ),
        (
            dict(param_scheduler=[dict(type="Mine", turn_at=3)]),
            r"param_scheduler\[0\].turn_at counts epochs",
        ),
        (
            dict(param_scheduler=dict(type="CosineAnnealingLR", begin=3, end=4)),
            r"param_scheduler begins and ends in epoch \d \(at 1: 3 and 4\)",
        ),
    ],
)
def test_what_cannot_be_scaled_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        apply_epoch_scale(Config(dict(epoch_scale=0.1, **change)))
    apply_epoch_scale(Config(dict(epoch_scale=1, **change)))


def test_a_foreign_hooks_epoch_stays_and_is_said(monkeypatch):
    lines = []
    monkeypatch.setattr(
        "mmext.engine.epoch_scale.print_log", lambda line, **_: lines.append(line)
    )
    hooks = [dict(type="LoggerHook", turn_epoch=3)]
    config = Config(dict(epoch_scale=0.1, custom_hooks=hooks))
    apply_epoch_scale(config)
    assert lines[0].startswith("custom_hooks[0].turn_epoch stays 3")
    assert config.custom_hooks[0].turn_epoch == 3
