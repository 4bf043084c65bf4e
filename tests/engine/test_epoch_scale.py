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
