from types import SimpleNamespace

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from mmext.engine.hooks import DivergenceHook
from mmext.engine.hooks.divergence_hook import describe_batch, first_not_finite
from mmext.errors import UserError


def runner(model=None, **info):
    return SimpleNamespace(
        epoch=4,
        model=model or nn.Linear(2, 1),
        train_dataloader=range(9),
        optim_wrapper=SimpleNamespace(get_lr=lambda: {"lr": [0.01]}),
        message_hub=SimpleNamespace(runtime_info=info),
    )


def look(runner, *args):
    hook = DivergenceHook()
    hook.before_train_epoch(runner)
    hook.after_train_iter(runner, *args)


def batch(*images):
    samples = [
        SegDataSample(metainfo=dict(tile_id=7 + i, scene="a", row_off=0, col_off=64))
        for i in range(len(images))
    ]
    return dict(inputs=list(images), data_samples=samples)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_stops(value, tmp_path):
    (tmp_path / "epoch_4.pth").touch()
    last = str(tmp_path / "epoch_4.pth")
    outputs = dict(loss=torch.tensor(value), loss_a=torch.tensor(1.0))
    with pytest.raises(UserError) as caught:
        look(runner(last_ckpt=last), 2, batch(torch.zeros(3, 4, 4)), outputs)
    assert str(caught.value) == (
        "training stopped at epoch 5, iteration 3 of 9, learning rate 0.01: loss is "
        f"{value:g}; {last} is from before; batch: tile 7 scene a row 0 col 64"
    )


def test_finite_numbers_go_on():
    outputs = dict(loss=torch.tensor(1e30), other=0.5)
    look(runner(), 0, batch(), outputs)
    # Hooks that come later read them as tensors, which are in main memory by now.
    assert {name: value.item() for name, value in outputs.items()} == {
        "loss": float(torch.tensor(1e30)),
        "other": 0.5,
    }
    look(runner(), 0, None, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_and_statistics_are_looked_at(value):
    for name in ("0.weight", "1.running_var"):
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        assert first_not_finite(model) == ""
        model.state_dict()[name].flatten()[-1] = value
        assert first_not_finite(model) == name
        with pytest.raises(UserError, match=f"the weights' {name} holds NaN"):
            look(runner(model), 0, batch(), dict(loss=torch.tensor(1.0)))


def test_large_finite_weights_are_no_divergence():
    model = nn.Linear(2, 1)
    nn.init.constant_(model.weight, 1e30)  # their squares are infinite
    assert first_not_finite(model) == ""
    look(runner(model), 0, batch(), {})


def test_images_with_nan_are_named_first():
    broken = torch.zeros(1, 2, 2)
    broken[0, 1, 1] = torch.nan
    text = describe_batch(batch(torch.zeros(1, 2, 2), broken, torch.ones(1, 2, 2)))
    assert text.startswith("tile 8 scene a row 0 col 64 with NaN or infinity")
    assert text.count("tile ") == 4
    assert describe_batch({}) == ""


@pytest.mark.parametrize("name", ["seg_logits", "pred_depth_map"])
def test_predictions_that_are_nan_are_no_background(name):
    sample = batch(torch.zeros(1, 2, 2))["data_samples"][0]
    sample.set_data({name: PixelData(data=torch.zeros(1, 2, 2))})
    hook = DivergenceHook()
    hook.after_val_iter(runner(), 0, None, [sample])
    sample.get(name).data[0, 1, 0] = torch.nan
    for look in (hook.after_val_iter, hook.after_test_iter):
        with pytest.raises(UserError, match="predictions hold NaN or infinity: tile 7"):
            look(runner(), 0, None, [sample])
