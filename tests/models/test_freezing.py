"""Frozen parts: no gradients, and batch norms that stand still while training."""

import copy

import pytest
import torch

from mmext.errors import UserError
from mmext.registry import MODELS

MODEL = dict(
    type="BinarySegmentor",
    data_preprocessor=dict(type="BandNormalizer", mean=[0.0], std=[1.0]),
    backbone=dict(type="UNet3", in_channels=1, base_channels=2),
    decode_head=dict(
        type="MultiLabelHead",
        channels=("target",),
        head=dict(type="FCNHead", in_channels=2, channels=2, in_index=3, num_convs=0),
        loss=dict(type="MaskedBCEWithLogitsLoss"),
    ),
)


def test_what_is_frozen_stays_and_the_rest_learns():
    torch.manual_seed(0)
    model = MODELS.build({**copy.deepcopy(MODEL), "frozen": ["backbone.encoder.0"]})
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    model._forward(torch.randn(2, 1, 16, 16)).square().mean().backward()
    optimizer.step()
    changed = {
        key for key, value in model.state_dict().items() if not value.equal(before[key])
    }
    frozen = {key for key in before if key.startswith("backbone.encoder.0.")}
    assert frozen and not changed & frozen
    assert any(key.startswith("backbone.encoder.1.") for key in changed)
    assert any("running_mean" in key for key in changed)
    for name, weight in model.named_parameters():
        assert (weight.grad is None) == name.startswith("backbone.encoder.0.")
    # After an error pass or a validation, too.
    model.eval()
    model.train()
    assert model.backbone.encoder[1].training
    assert not any(part.training for part in model.backbone.encoder[0].modules())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["backbone.encodr"], "no part backbone.encodr, did you mean backbone.encoder"),
        (["backbone.pool"], "backbone.pool has no weights"),
        (["backbone", "decode_head"], "nothing is left to train"),
        ([3], "model.frozen"),
    ],
)
def test_what_can_not_be_frozen(names, message):
    with pytest.raises(UserError, match=message):
        MODELS.build({**copy.deepcopy(MODEL), "frozen": names})
