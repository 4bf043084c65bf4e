"""Two depths from one band: ranges, sizes, encoders, weights made for colour."""

import copy

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.errors import UserError
from mmext.registry import MODELS
from tests.small_models import small_head

RANGE = (0.5, 20.0)
LOSSES = dict(
    structure=dict(type="StructureGradientLoss"),
    abs_rel=dict(type="AbsRelLoss"),
    silog=dict(type="SILogLoss"),
    smooth=dict(type="StructureGuidedSmoothLoss", loss_weight=0.1),
    consistency=dict(type="GradientConsistencyLoss"),
)
ENCODERS = {
    "unet3": (
        dict(type="UNet3", in_channels=1, base_channels=4),
        small_head(4),
    ),
    "resnet": (
        dict(
            type="ResNetV1c",
            depth=18,
            in_channels=1,
            stem_channels=8,
            base_channels=8,
            num_stages=4,
            out_indices=(0, 1, 2, 3),
        ),
        dict(
            type="UPerHead",
            in_channels=[8, 16, 32, 64],
            in_index=[0, 1, 2, 3],
            channels=8,
            dropout_ratio=0,
            norm_cfg=dict(type="BN"),
        ),
    ),
    "mit": (
        dict(
            type="MixVisionTransformer",
            in_channels=1,
            embed_dims=8,
            num_layers=[1, 1, 1, 1],
            num_heads=[1, 2, 4, 8],
        ),
        dict(
            type="SegformerHead",
            in_channels=[8, 16, 32, 64],
            in_index=[0, 1, 2, 3],
            channels=8,
            dropout_ratio=0,
            norm_cfg=dict(type="BN"),
        ),
    ),
}


def config(encoder="unet3", **head):
    backbone, decoder = copy.deepcopy(ENCODERS[encoder])
    settings = dict(head=decoder, losses=LOSSES, min_depth=RANGE[0], max_depth=RANGE[1])
    return dict(
        type="DepthEstimator",
        data_preprocessor=dict(type="BandNormalizer", mean=[0.449], std=[0.226]),
        backbone=backbone,
        decode_head=dict(type="DepthHead", **{**settings, **head}),
    )


def build(encoder="unet3", **head):
    model = MODELS.build(config(encoder, **head))
    model.init_weights()
    return model


def batch(size=(32, 40), number=2, targets=True):
    samples = []
    for index in range(number):
        sample = SegDataSample(
            metainfo=dict(img_shape=size, ori_shape=size, sample_id=str(index))
        )
        if targets:
            depth = torch.rand(1, *size) * 10 + 0.6
            depth[:, :4] = 0
            structure = torch.rand(1, *size) + 0.1
            sample.set_data(
                dict(
                    gt_depth_map=PixelData(data=depth),
                    gt_structural_map=PixelData(data=structure),
                )
            )
        samples.append(sample)
    images = [torch.rand(1, *size) for _ in range(number)]
    return dict(inputs=images, data_samples=samples)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_step_reaches_every_weight(encoder):
    model = build(encoder).train()
    data = model.data_preprocessor(batch(), training=True)
    losses = model(**data, mode="loss")
    assert set(losses) == {f"decode.loss_{name}" for name in LOSSES}
    total, _ = model.parse_losses(losses)
    total.backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_thermal_image_alone_is_enough(encoder):
    """As in use: a dict with nothing but the image."""
    model = build(encoder).eval()
    image = torch.rand(1, 1, 37, 45)
    data = model.data_preprocessor({"inputs": [image[0]]})
    with torch.no_grad():
        [sample] = model(**data, mode="predict")
        depths = model.depths(image)
    assert sample.pred_depth_map.data.shape == (1, 37, 45)
    assert sample.pred_structural_map.data.shape == (1, 37, 45)
    for name, found in (
        ("metric", sample.pred_depth_map.data),
        ("structural", sample.pred_structural_map.data),
    ):
        assert depths[name].dtype == found.dtype == torch.float32
        assert depths[name].shape == (1, 1, 37, 45)
        torch.testing.assert_close(depths[name][0], found)


def test_metric_depth_stays_in_its_range_whatever_the_weights():
    model = build().eval()
    for gain in (1.0, 1e3, 1e6):
        with torch.no_grad():
            for parameter in model.decode_head.parameters():
                parameter.mul_(gain)
            depths = model.depths(torch.rand(2, 1, 24, 24))
        assert depths["metric"].min() >= RANGE[0]
        assert depths["metric"].max() <= RANGE[1]
        assert depths["structural"].min() >= 0
        assert all(torch.isfinite(value).all() for value in depths.values())
    assert model.depth_range == RANGE


def test_the_range_by_hand():
    head = build().decode_head
    raw = torch.tensor([-50.0, 0.0, 50.0]).view(1, 1, 1, 3).expand(1, 2, 1, 3)
    metric, structural = head.depths(raw, (1, 3))[0]
    # The ends, and the geometric mean in the middle.
    torch.testing.assert_close(metric[0], torch.tensor([0.5, 10**0.5, 20.0]))
    torch.testing.assert_close(structural[0], torch.tensor([0.0, 0.693147, 50.0]))


def test_prediction_goes_back_to_the_original_frame():
    model = build().eval()
    data = batch(size=(16, 24), number=1, targets=False)
    [sample] = data["data_samples"]
    sample.set_metainfo(
        dict(ori_shape=(32, 48), flip=True, flip_direction="horizontal")
    )
    with torch.no_grad():
        [found] = model(**model.data_preprocessor(data), mode="predict")
        straight = model.depths(torch.stack(data["inputs"]))["metric"]
    expected = torch.nn.functional.interpolate(
        straight.flip(3), size=(32, 48), mode="bilinear"
    )
    torch.testing.assert_close(found.pred_depth_map.data, expected[0])


def test_sliding_inference_equals_whole_where_one_window_suffices():
    model = build().eval()
    data = model.data_preprocessor(batch(size=(16, 24), number=1, targets=False))
    with torch.no_grad():
        [whole] = model(**copy.deepcopy(data), mode="predict")
        model.test_cfg.update(mode="slide", crop_size=(16, 24), stride=(8, 8))
        [slid] = model(**data, mode="predict")
    torch.testing.assert_close(slid.pred_depth_map.data, whole.pred_depth_map.data)


@pytest.mark.parametrize("name", LOSSES)
def test_a_term_removed_leaves_the_others(name):
    torch.manual_seed(0)
    whole = build()
    torch.manual_seed(0)
    rest = build(losses={**LOSSES, name: None})
    data = batch()
    found = []
    for model in (whole, rest):
        values = model.train()(
            **model.data_preprocessor(copy.deepcopy(data)), mode="loss"
        )
        found.append({key: float(value) for key, value in values.items()})
    assert found[0].pop(f"decode.loss_{name}") >= 0
    assert found[0] == found[1]


def test_half_precision_gives_single_precision_losses_and_depths():
    model = build()
    data = model.data_preprocessor(batch())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model(**data, mode="loss")
        sum(losses.values()).backward()
        with torch.no_grad():
            [sample, _] = model.eval()(**data, mode="predict")
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert sample.pred_depth_map.data.dtype == torch.float32


def test_a_batch_without_any_truth_trains_on():
    model = build().train()
    data = batch()
    for sample in data["data_samples"]:
        sample.gt_depth_map.data.zero_()
        sample.gt_structural_map.data.zero_()
    losses = model(**model.data_preprocessor(data), mode="loss")
    sum(losses.values()).backward()
    for parameter in model.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_weights_made_for_colour_see_grey_as_before(encoder, tmp_path):
    grey = config(encoder)
    colour = copy.deepcopy(grey)
    colour["backbone"]["in_channels"] = 3
    colour["data_preprocessor"].update(mean=[0.449] * 3, std=[0.226] * 3)
    teacher = MODELS.build(colour).eval()
    teacher.init_weights()
    path = tmp_path / "backbone.pth"
    torch.save({"state_dict": teacher.backbone.state_dict()}, path)
    grey["backbone"]["init_cfg"] = dict(type="Pretrained", checkpoint=str(path))
    student = MODELS.build(grey).eval()
    student.init_weights()
    image = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        maps = zip(
            student.backbone(image),
            teacher.backbone(image.expand(1, 3, 32, 32)),
            strict=True,
        )
        for found, expected in maps:
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_weights_of_one_band_load_as_they_are():
    first, second = build(), build()
    second.load_state_dict(first.state_dict())
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(min_depth=0.0), "expected 0 < min_depth < max_depth"),
        (dict(min_depth=30.0), "are 30.0, 20.0, expected 0 < min_depth < max_depth"),
        (dict(structural_space="disparity"), "expected one of depth, inverse_depth"),
        (dict(losses=dict(a=None)), "decode_head.losses: has none"),
        (
            dict(losses={**LOSSES, "smoth": dict(loss_weight=2)}),
            "losses.smoth: has no type, so there is no such loss",
        ),
        (
            dict(head={**ENCODERS["unet3"][1], "num_classes": 2}),
            "num_classes: is set, but it follows",
        ),
    ],
)
def test_settings_without_sense_are_one_line(settings, message):
    with pytest.raises(UserError, match=message):
        build(**settings)


def test_an_image_of_other_bands_is_one_line():
    model = build()
    with pytest.raises(UserError, match="has 3 bands"):
        model.depths(torch.rand(1, 3, 16, 16))
