"""Weights made for colour images, in images of other bands."""

import pytest
import torch
from mmengine.logging import MMLogger
from torch import nn

from mmext.models.first_convolution import accept_colour_weights, adapt_colours
from mmext.registry import MODELS


def test_one_band_sees_what_a_grey_image_would():
    colour = nn.Conv2d(3, 4, 3, bias=False)
    grey = torch.rand(1, 1, 8, 8)
    weight = adapt_colours(colour.weight, 1)
    found = nn.functional.conv2d(grey, weight)
    torch.testing.assert_close(found, colour(grey.expand(1, 3, 8, 8)))


@pytest.mark.parametrize("bands", [2, 3, 4, 5, 13])
def test_of_several_bands_each_has_a_colour_in_turn(bands):
    weight = torch.rand(4, 3, 3, 3)
    adapted = adapt_colours(weight, bands)
    assert adapted.shape == (4, bands, 3, 3)
    for band in range(bands):
        expected = weight[:, band % 3] * 3 / bands
        torch.testing.assert_close(adapted[:, band], expected)


@pytest.mark.parametrize("bands", [1, 4])
def test_mmsegs_backbones_adapt_them_and_say_so(bands, tmp_path, caplog):
    def segmentor(bands, **init_cfg):
        return MODELS.build(
            dict(
                type="BinarySegmentor",
                backbone=dict(
                    type="ResNet",
                    depth=18,
                    in_channels=bands,
                    base_channels=4,
                    stem_channels=4,
                    init_cfg=init_cfg or None,
                ),
                decode_head=dict(
                    type="MultiLabelHead",
                    channels=("target",),
                    head=dict(type="FCNHead", in_channels=32, channels=32, num_convs=0),
                    loss=dict(type="MaskedBCEWithLogitsLoss"),
                ),
            )
        )

    whole = segmentor(3)
    torch.save({"state_dict": whole.state_dict()}, tmp_path / "whole.pth")
    model = segmentor(
        bands,
        type="Pretrained",
        checkpoint=str(tmp_path / "whole.pth"),
        prefix="backbone.",
    )
    # Of its own: another test's may be silent.
    logger = MMLogger.get_instance(str(tmp_path), log_level="INFO")
    logger.addHandler(caplog.handler)
    model.backbone.init_weights()
    found, theirs = model.backbone.state_dict(), whole.backbone.state_dict()
    expected = adapt_colours(theirs.pop("conv1.weight"), bands)
    torch.testing.assert_close(found.pop("conv1.weight"), expected)
    assert all(torch.equal(found[key], theirs[key]) for key in theirs)
    assert f"the image has {bands} band" in caplog.text


def test_weights_of_as_many_bands_load_as_they_are():
    one, other = nn.Sequential(nn.Conv2d(4, 2, 1)), nn.Sequential(nn.Conv2d(4, 2, 1))
    accept_colour_weights(other)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one[0].weight, other[0].weight)


def test_weights_of_other_bands_do_not_fit():
    one, other = nn.Sequential(nn.Conv2d(5, 2, 1)), nn.Sequential(nn.Conv2d(4, 2, 1))
    accept_colour_weights(other)
    with pytest.raises(RuntimeError, match="size mismatch"):
        other.load_state_dict(one.state_dict())
