import pytest
import torch

from mmext.errors import UserError
from mmext.models.decode_heads import MultiLabelHead
from mmext.structures import TileSamples

FEATURES = [torch.rand(2, 4, 16, 16), torch.rand(2, 8, 8, 8)]
MAPS = dict(
    in_channels=[4, 8],
    in_index=(0, 1),
    input_transform="resize_concat",
    dropout_ratio=0,
    norm_cfg=dict(type="BN"),
)
COARSE = dict(
    type="FCNHead", channels=6, kernel_size=1, num_convs=1, concat_input=False, **MAPS
)
FINE = dict(type="OCRHead", channels=8, ocr_channels=4, **MAPS)


def head(channels=("target",), **settings):
    torch.manual_seed(0)
    cascade = dict(type="CascadeHead", heads=[COARSE, FINE], **settings)
    loss = dict(type="MaskedBCEWithLogitsLoss")
    return MultiLabelHead(cascade, channels, loss).eval()


def samples():
    maps = torch.randint(0, 2, (2, 2, 32, 32), dtype=torch.uint8)
    return TileSamples(
        gt_sem_seg=maps[0], gt_error=maps[1], metainfo=dict(columns={}, steps=())
    )


def test_the_second_head_sees_the_firsts_logits():
    cascade = head(("target", "error"))
    first, second = cascade.head.heads
    with torch.no_grad():
        by_hand = second(FEATURES, first(FEATURES))
        torch.testing.assert_close(cascade(FEATURES), by_hand)
    assert by_hand.shape == (2, 2, 16, 16)


def test_the_coarse_logits_are_trained_with_their_weight():
    batch = samples()
    full, half = head(coarse_weight=1.0), head(coarse_weight=0.5)
    one, other = full.loss(FEATURES, batch), half.loss(FEATURES, batch)
    assert set(one) == {"loss_target", "loss_coarse_target"}
    torch.testing.assert_close(one["loss_target"], other["loss_target"])
    torch.testing.assert_close(
        one["loss_coarse_target"], 2 * other["loss_coarse_target"]
    )
    # The coarse loss is what a head of its own would have.
    alone = MultiLabelHead(COARSE, ("target",), dict(type="MaskedBCEWithLogitsLoss"))
    alone.head.load_state_dict(full.head.heads[0].state_dict())
    expected = alone.eval().loss(FEATURES, batch)["loss_target"]
    torch.testing.assert_close(one["loss_coarse_target"], expected)


def test_one_head_is_no_cascade():
    with pytest.raises(UserError, match="heads: has 1, expected two or more"):
        MultiLabelHead(
            dict(type="CascadeHead", heads=[COARSE]),
            ("target",),
            dict(type="MaskedBCEWithLogitsLoss"),
        )
