import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.errors import UserError
from mmext.models.decode_heads.channel_targets import channel_target, target_maps
from mmext.registry import MODELS

LOSS = dict(type="MaskedBCEWithLogitsLoss")
FCN = dict(
    type="FCNHead", in_channels=4, channels=4, in_index=3, num_convs=0,
    concat_input=False, dropout_ratio=0,
)  # fmt: skip
# Any of mmseg's heads may be wrapped; these take one map or several.
HEADS = [
    FCN,
    dict(type="ASPPHead", in_channels=4, channels=4, in_index=3, dilations=(1, 2)),
    dict(type="PSPHead", in_channels=4, channels=4, in_index=3, pool_scales=(1, 2)),
    dict(type="UPerHead", in_channels=[4, 8, 16, 32], in_index=[3, 2, 1, 0],
         channels=4, pool_scales=(1, 2)),
    dict(type="SegformerHead", in_channels=[4, 8, 16, 32], in_index=[3, 2, 1, 0],
         channels=4),
]  # fmt: skip


def features(size=16):
    widths = (32, 16, 8, 4)
    return tuple(
        torch.randn(2, width, size // scale, size // scale)
        for width, scale in zip(widths, (8, 4, 2, 1), strict=True)
    )


def sample(error=True, size=16):
    result = SegDataSample()
    target = torch.randint(0, 2, (1, size, size))
    target[:, 0] = 255
    result.gt_sem_seg = PixelData(data=target)
    if error:
        result.set_data({"gt_error": PixelData(data=torch.randint(0, 3, target.shape))})
    return result


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head["type"])
def test_wraps_mmsegs_heads(head):
    dual = MODELS.build(dict(type="DualHead", head=head, loss=LOSS))
    losses = dual.loss(features(), [sample(), sample()])
    assert set(losses) == {"loss_target", "loss_error"}
    sum(losses.values()).backward()
    meta = dict(img_shape=(16, 16))
    assert dual.predict(features(), [meta, meta]).shape == (2, 2, 16, 16)


def test_channels_are_independent():
    """A channel's loss sends no gradient to another channel's weights."""
    head = MODELS.build(
        dict(
            type="MultiLabelHead", head=FCN, loss=LOSS, channels=("target", "fn", "fp")
        )
    )
    head.loss(features(), [sample(), sample()])["loss_fn"].backward()
    gradient = head.head.conv_seg.weight.grad.abs().sum((1, 2, 3))
    assert (gradient > 0).tolist() == [False, True, False]


def test_targets_by_hand():
    one = SegDataSample()
    one.gt_sem_seg = PixelData(data=torch.tensor([[[0, 1, 1, 0, 255]]]))
    one.set_data({"gt_error": PixelData(data=torch.tensor([[[2, 1, 0, 0, 1]]]))})
    expected = {
        "target": [0, 1, 1, 0, 255],
        "error": [1, 1, 0, 0, 255],
        "fn": [0, 1, 0, 0, 255],
        "fp": [1, 0, 0, 0, 255],
    }
    for channel, values in expected.items():
        target = channel_target(channel, target_maps([one, one]))
        assert target.tolist() == [[values], [values]]


def test_weights_and_losses_by_channel():
    torch.manual_seed(0)
    inputs, samples = features(), [sample(), sample()]
    plain = MODELS.build(dict(type="DualHead", head=FCN, loss=LOSS))
    weighted = MODELS.build(
        dict(
            type="DualHead",
            head=FCN,
            loss=dict(target=LOSS, error=dict(type="SoftIoULoss")),
            channel_weights=dict(target=3.0),
        )
    )
    weighted.load_state_dict(plain.state_dict())
    first, second = (head.loss(inputs, samples) for head in (plain, weighted))
    torch.testing.assert_close(second["loss_target"], 3 * first["loss_target"])
    assert second["loss_error"] != first["loss_error"]


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(channels=()), "expected one or more"),
        (dict(channels=("fn", "fn")), "each once"),
        (dict(loss=dict(target=LOSS)), "is for target, expected one for each"),
        (dict(loss=dict()), "is for nothing, expected one for each of target, error"),
        (dict(channel_weights=dict(fn=2.0)), "channel_weights: has 'fn'"),
        (dict(head=dict(FCN, num_classes=2)), "num_classes: is set"),
        (dict(head=dict(FCN, loss_decode=LOSS)), "loss_decode: is set"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes, message):
    config = dict(
        type="MultiLabelHead", head=FCN, loss=LOSS, channels=("target", "error")
    )
    with pytest.raises(UserError, match=message):
        MODELS.build({**config, **changes})


def test_heads_with_a_second_output_are_refused():
    encoding = dict(
        type="EncHead", in_channels=[4], in_index=[3], channels=4, num_codes=2
    )
    dual = MODELS.build(dict(type="DualHead", head=encoding, loss=LOSS)).eval()
    with pytest.raises(UserError, match="EncHead gives a tuple, expected one map"):
        dual(features())


def test_a_fully_ignored_batch_keeps_every_weight_in_the_graph():
    """Without gradients DDP would wait for the missing ones."""
    dual = MODELS.build(dict(type="DualHead", head=FCN, loss=LOSS))
    empty = sample()
    empty.gt_sem_seg.data.fill_(255)
    sum(dual.loss(features(), [empty, empty]).values()).backward()
    for parameter in dual.parameters():
        assert parameter.grad is not None and not parameter.grad.any()


def test_missing_error_mask_and_unknown_channels_are_one_line():
    dual = MODELS.build(dict(type="DualHead", head=FCN, loss=LOSS))
    with pytest.raises(UserError, match="error_mask: is not set"):
        dual.loss(features(), [sample(error=False)] * 2)
    with pytest.raises(UserError, match="has 'eror', expected some of target, error"):
        MODELS.build(
            dict(type="MultiLabelHead", head=FCN, loss=LOSS, channels=["eror"])
        )
