import pytest
from mmengine.config import Config

from mmext.engine.batch_share import share_batch
from mmext.errors import UserError


def config(**changes):
    return Config(
        dict(
            train_dataloader=dict(batch_size=48),
            optim_wrapper=dict(optimizer=dict(lr=1e-3)),
            **changes,
        )
    )


def test_one_process_is_silent():
    assert share_batch(config(), 1, None) is None


def test_several_say_what_they_do():
    line = share_batch(config(), 4, None)
    assert "4 processes with 48 samples each: 192 a step at learning rate 0.001" in line
    assert "--keep-batch" in line and "--auto-scale-lr" in line


def test_the_batch_is_divided():
    settings = config()
    line = share_batch(settings, 4, "keep")
    assert settings.train_dataloader.batch_size == 12
    assert line == "4 processes with 12 samples each: 48 a step at learning rate 0.001"
    with pytest.raises(
        UserError, match="batch_size is 48, expected a multiple of the 5"
    ):
        share_batch(config(), 5, "keep")


@pytest.mark.parametrize("base, rate", [(None, 0.004), (96, 0.002)])
def test_the_learning_rate_is_scaled(base, rate):
    settings = config(auto_scale_lr=dict(enable=False, base_batch_size=base))
    line = share_batch(settings, 4, "scale")
    assert settings.auto_scale_lr == dict(enable=True, base_batch_size=base or 48)
    assert line.endswith(f"at learning rate {rate}")
    # mmengine multiplies it itself.
    assert settings.optim_wrapper.optimizer.lr == 1e-3
    settings.optim_wrapper.optimizer.pop("lr")
    with pytest.raises(UserError, match="lr is not set"):
        share_batch(settings, 4, "scale")
