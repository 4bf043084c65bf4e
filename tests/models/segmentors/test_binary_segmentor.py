import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.errors import UserError
from mmext.models import UnionDecoder
from mmext.registry import MODELS
from tests.small_models import small_segmentor


def build(channels=("target", "error"), bands=3, **changes):
    config = small_segmentor(channels, bands, mean=10.0, std=2.0)
    return MODELS.build({**config, **changes}).eval()


def test_probabilities_are_predicts_own():
    model = build()
    images = torch.rand(2, 3, 21, 19) * 20
    with torch.no_grad():
        direct = model.probabilities(images)
        samples = [
            SegDataSample(metainfo=dict(img_shape=(21, 19), ori_shape=(21, 19)))
            for _ in images
        ]
        data = model.data_preprocessor(dict(inputs=list(images), data_samples=samples))
        predicted = model(**data, mode="predict")
    for index, sample in enumerate(predicted):
        torch.testing.assert_close(sample.seg_logits.data.sigmoid(), direct[index])
        above = direct[index] > 0.5
        assert torch.equal(sample.pred_channels.data.bool(), above)
        assert torch.equal(sample.pred_sem_seg.data[0].bool(), above.any(dim=0))
        assert sample.channels == ("target", "error")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_pixel_type(dtype):
    images = torch.from_numpy(np.full((1, 3, 8, 8), 11, dtype))
    expected = build_and_run(torch.full((1, 3, 8, 8), 11.0))
    torch.testing.assert_close(build_and_run(images), expected)


def build_and_run(images):
    torch.manual_seed(0)
    with torch.no_grad():
        return build().probabilities(images)


@pytest.mark.parametrize(
    "direction, axes", [("horizontal", [3]), ("vertical", [2]), ("diagonal", [2, 3])]
)
def test_flips_are_undone(direction, axes):
    model, logits = build(), torch.randn(1, 2, 6, 7)
    meta = dict(flip=True, flip_direction=direction, ori_shape=(6, 7))
    [sample] = model.postprocess_result(
        logits.flip(axes), [SegDataSample(metainfo=meta)]
    )
    torch.testing.assert_close(sample.seg_logits.data, logits[0])


def test_padding_and_resizing_are_undone():
    model = build()
    meta = dict(padding_size=(1, 2, 3, 0), ori_shape=(10, 8))
    logits = torch.zeros(1, 2, 8, 7)
    logits[:, :, 3:, 1:5] = 5
    [sample] = model.postprocess_result(logits, [SegDataSample(metainfo=meta)])
    assert sample.seg_logits.data.shape == (2, 10, 8)
    assert (sample.seg_logits.data == 5).all()


def test_sliding_and_whole_inference_agree_on_one_window():
    torch.manual_seed(0)
    whole = build()
    slide = build(test_cfg=dict(mode="slide", crop_size=(16, 16), stride=(16, 16)))
    slide.load_state_dict(whole.state_dict())
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        first, second = (m.predict(image)[0].seg_logits.data for m in (whole, slide))
    torch.testing.assert_close(first, second)


def test_sliding_windows_are_averaged_where_they_overlap():
    torch.manual_seed(0)
    model = build(test_cfg=dict(mode="slide", crop_size=(16, 16), stride=(8, 16)))
    image = torch.rand(1, 3, 19, 16)
    # Windows begin at rows 0 and, pushed back into the image, 3.
    with torch.no_grad():
        predicted = model.predict(image)[0].seg_logits.data
        first, last = (model._forward(image[:, :, top : top + 16])[0] for top in (0, 3))
    torch.testing.assert_close(predicted[:, :3], first[:, :3])
    torch.testing.assert_close(predicted[:, 16:], last[:, 13:])
    torch.testing.assert_close(
        predicted[:, 3:16], (first[:, 3:] + last[:, :13]) / 2, atol=1e-5, rtol=1e-5
    )


def test_an_auxiliary_head_is_trained_too():
    coarse = dict(
        type="MultiLabelHead",
        channels=("target",),
        head=dict(type="FCNHead", in_channels=32, channels=4, in_index=0, num_convs=1),
        loss=dict(type="SoftIoULoss"),
    )
    model = build(("target",), auxiliary_head=coarse).train()
    sample = SegDataSample()
    sample.gt_sem_seg = PixelData(data=torch.randint(0, 2, (1, 13, 16)))
    losses = model.loss(torch.rand(2, 3, 13, 16), [sample, sample])
    assert set(losses) == {"decode.loss_target", "aux.loss_target"}
    losses["aux.loss_target"].backward()
    assert model.auxiliary_head.head.conv_seg.weight.grad.any()


def test_tta_turns_its_views_back():
    torch.manual_seed(0)
    model = build()
    image = torch.rand(3, 9, 12) * 20
    views = [(image, None), (image.flip(2), "horizontal"), (image.flip(1), "vertical")]
    samples = [
        SegDataSample(
            metainfo=dict(
                img_shape=(9, 12),
                ori_shape=(9, 12),
                flip=direction is not None,
                flip_direction=direction,
            )
        )
        for _, direction in views
    ]
    tta = MODELS.build(dict(type="BinaryTTAModel", module=model))
    with torch.no_grad():
        [merged] = tta.test_step(
            dict(inputs=[[v] for v, _ in views], data_samples=[[s] for s in samples])
        )
        plain, across, down = (model.probabilities(v[None])[0] for v, _ in views)
    mean = (plain + across.flip(2) + down.flip(1)) / 3
    torch.testing.assert_close(merged.seg_logits.data.sigmoid(), mean)
    assert torch.equal(merged.pred_channels.data.bool(), mean > 0.5)


@pytest.mark.parametrize("mode", ["union", "touching", "hysteresis"])
@pytest.mark.parametrize("grow", [0, 2])
def test_predictions_say_what_a_scene_is_decided_by(mode, grow):
    """For those who put tiles together; a mean of views says so, too."""
    decoder = dict(
        type="UnionDecoder", mode=mode, threshold=0.6, confident=0.8, grow=grow
    )
    model = build(decoder=decoder)
    logits = torch.randn(2, 2, 9, 9) * 3
    probabilities = logits.sigmoid()
    expected = probabilities.amax(dim=1) > 0.8
    if mode == "touching":
        expected |= probabilities[:, 0] > 0.6
    predicted = model.postprocess_result(logits)
    tta = MODELS.build(dict(type="BinaryTTAModel", module=model))
    for index, sample in enumerate(predicted):
        for found in (sample, *tta.merge_preds([[sample, sample]])):
            assert ("pred_core" in found) == (mode != "union")
            assert ("pred_pixels" in found) == (mode != "union" or grow > 0)
            assert found.metainfo.get("grow", 0) == grow
            if "pred_pixels" in found:
                union = (probabilities[index] > 0.6).any(dim=0)
                assert torch.equal(found.pred_pixels.data[0], union)
            if mode != "union":
                assert torch.equal(found.pred_core.data[0], expected[index])


def test_tta_averages_probabilities_once():
    tta = MODELS.build(dict(type="BinaryTTAModel", module=build()))
    views = []
    for value in (0.9, 0.3):
        logits = torch.full((2, 4, 4), value).logit()
        view = SegDataSample()
        view.set_data({"seg_logits": PixelData(data=logits)})
        views.append(view)
    [merged] = tta.merge_preds([views])
    torch.testing.assert_close(
        merged.seg_logits.data.sigmoid(), torch.full((2, 4, 4), 0.6)
    )
    assert merged.pred_sem_seg.data.all()


def test_a_tile_is_learnt_by_heart():
    torch.manual_seed(0)
    model = build(("target",)).train()
    image = torch.rand(1, 3, 24, 24) * 20
    target = torch.zeros(1, 24, 24, dtype=torch.long)
    target[:, 6:15, 8:20] = 1
    sample = SegDataSample()
    sample.gt_sem_seg = PixelData(data=target)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        model.loss(image, [sample])["decode.loss_target"].backward()
        optimizer.step()
    mask = model.decide(model._forward(image).sigmoid())["mask"]
    overlap = (mask & (target == 1)).sum() / (mask | (target == 1)).sum()
    assert overlap > 0.95


def test_wrong_bands_are_one_line():
    with pytest.raises(UserError, match=r"has 4 bands, model.data_preprocessor"):
        build().probabilities(torch.zeros(1, 4, 8, 8))
    with pytest.raises(UserError, match=r"has 4 bands, .*in_channels expects 3"):
        build().predict(torch.zeros(1, 4, 8, 8))


def test_batches_of_several_sizes_are_refused():
    images = [torch.zeros(3, 8, 8), torch.zeros(3, 8, 9)]
    with pytest.raises(UserError, match="expected one"):
        build().data_preprocessor(dict(inputs=images))


def test_statistics_must_be_filled_in():
    with pytest.raises(UserError, match="'from_store'"):
        MODELS.build(dict(type="BandNormalizer", mean="from_store", std=[1.0]))


def test_another_decoder_is_refused():
    @MODELS.register_module(force=True)
    class OwnDecoder(UnionDecoder):
        pass

    # Exports and studies know a decoder by UnionDecoder's arguments.
    with pytest.raises(UserError, match="is OwnDecoder, expected UnionDecoder"):
        build(decoder=dict(type="OwnDecoder"))
