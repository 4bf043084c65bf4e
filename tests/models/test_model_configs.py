"""The shipped model bases, as a config builds them, at a fraction of their width."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.engine.head_width import fill_head_width
from mmext.registry import MODELS

BASES = Path(__file__).resolve().parents[2] / "configs" / "_base_" / "models"
CHANNELS = {"unet3": ("target",), "unet3_dual": ("target", "error")}


def build(name, width=4, channels_last=True):
    config = Config.fromfile(str(BASES / f"{name}.py"))
    model = config.model
    assert model.data_preprocessor.mean == "from_store"
    model.data_preprocessor.update(mean=[100.0] * 3, std=[50.0] * 3)
    assert model.channels_last
    model.channels_last = channels_last
    if width:
        model.backbone.base_channels = width
    fill_head_width(config)
    built = MODELS.build(model)
    built.init_weights()
    return built


def batch(size=(17, 30), number=1):
    samples = []
    for _ in range(number):
        sample = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 2, (1, *size)))
        sample.set_data({"gt_error": PixelData(data=torch.randint(0, 3, (1, *size)))})
        samples.append(sample)
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for _ in samples]
    return dict(inputs=images, data_samples=samples)


@pytest.mark.parametrize("name", CHANNELS)
def test_one_step_reaches_every_weight(name):
    model = build(name).train()
    data = model.data_preprocessor(batch(), training=True)
    losses = model(**data, mode="loss")
    assert set(losses) == {f"decode.loss_{channel}" for channel in CHANNELS[name]}
    total, _ = model.parse_losses(losses)
    total.backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("size, number", [((17, 30), 1), ((8, 8), 3), ((1, 5), 2)])
def test_predictions_at_any_size(name, size, number):
    model, channels = build(name).eval(), len(CHANNELS[name])
    data = model.data_preprocessor(batch(size, number))
    with torch.no_grad():
        predictions = model(**data, mode="predict")
    assert len(predictions) == number
    for sample in predictions:
        assert sample.seg_logits.data.shape == (channels, *size)
        assert sample.pred_sem_seg.data.shape == (1, *size)
        assert sample.pred_sem_seg.data.dtype == torch.int64
        assert sample.pred_channels.data.shape == (channels, *size)
        assert sample.pred_channels.data.dtype == torch.uint8


@pytest.mark.parametrize("name", CHANNELS)
def test_half_precision_gives_single_precision_losses_and_logits(name):
    model = build(name)
    data = model.data_preprocessor(batch())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model(**data, mode="loss")
        sum(losses.values()).backward()
        with torch.no_grad():
            [sample] = model.eval()(**data, mode="predict")
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert sample.seg_logits.data.dtype == torch.float32


@pytest.mark.parametrize("name", CHANNELS)
def test_the_papers_width_and_output_layer(name):
    model = build(name, width=None)
    layer = model.decode_head.head.conv_seg
    assert layer.kernel_size == (1, 1)
    assert layer.weight.shape[:2] == (len(CHANNELS[name]), 64)
    # He-normal; mmseg's own deviation would be 0.01.
    assert float(layer.weight.std()) == pytest.approx((2 / 64) ** 0.5, rel=0.35)
    in_head = sum(p.numel() for p in model.decode_head.parameters())
    assert in_head == len(CHANNELS[name]) * (64 + 1)


@pytest.mark.parametrize("name", CHANNELS)
def test_channels_last_differs_by_rounding_alone(name):
    """Losses, gradients and predictions, from batches of either layout."""
    torch.manual_seed(0)
    last, first = build(name), build(name, channels_last=False)
    first.load_state_dict(last.state_dict())
    assert last.backbone.encoder[1][0].conv.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    data = last.data_preprocessor(batch((16, 24), 3))
    swapped = data["inputs"].contiguous(memory_format=torch.channels_last)
    found = []
    for model, images in ((first, swapped), (last, data["inputs"]), (last, swapped)):
        model.zero_grad()
        losses = model(images, data["data_samples"], mode="loss")
        sum(losses.values()).backward()
        found.append([*losses.values(), *(p.grad for p in model.parameters())])
    for plain, *others in zip(*found, strict=True):
        scale = float(plain.detach().abs().max())
        for other in others:
            torch.testing.assert_close(other, plain, rtol=1e-3, atol=1e-4 * scale)
