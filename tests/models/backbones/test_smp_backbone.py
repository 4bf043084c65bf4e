"""Weights of the encoder, with a stand-in for the library where it is absent."""

import sys
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import torch
from torch import nn

from mmext.errors import UserError
from mmext.models import SmpBackbone
from mmext.models.first_convolution import adapt_colours


class Encoder(nn.Sequential):
    output_stride = 32

    def __init__(self, bands):
        super().__init__(nn.Conv2d(bands, 4, 3), nn.BatchNorm2d(4))


class Unet(nn.Module):
    def __init__(self, encoder_name, encoder_weights, in_channels):
        super().__init__()
        if encoder_weights is not None:
            raise URLError("no route")
        self.encoder, self.decoder = Encoder(in_channels), nn.Identity()


@pytest.fixture(autouse=True)
def library(monkeypatch):
    name = "segmentation_models_pytorch"
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(Unet=Unet))


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_weights_of_a_file_are_adapted_to_the_bands(bands, tmp_path):
    theirs = Encoder(3).state_dict()
    torch.save({**theirs, "fc.weight": torch.ones(2)}, tmp_path / "resnet34.pth")
    file = str(tmp_path / "resnet34.pth")
    backbone = SmpBackbone("Unet", in_channels=bands, encoder_weights=file)
    expected = theirs["0.weight"]
    if bands != 3:
        expected = adapt_colours(expected, bands)
    assert torch.equal(backbone.encoder[0].weight, expected)
    assert torch.equal(backbone.encoder[0].bias, theirs["0.bias"])


def test_weights_that_are_missing_are_one_line(tmp_path):
    torch.save({"0.bias": torch.ones(4)}, tmp_path / "resnet34.pth")
    with pytest.raises(UserError, match="missing"):
        SmpBackbone("Unet", encoder_weights=str(tmp_path / "resnet34.pth"))


def test_without_a_network_it_is_said():
    with pytest.raises(UserError, match="'imagenet' of resnet34 can't be fetched"):
        SmpBackbone("Unet", encoder_weights="imagenet")


def test_the_library_itself_reads_a_file(tmp_path, monkeypatch):
    monkeypatch.undo()
    pytest.importorskip("segmentation_models_pytorch", exc_type=ImportError)
    made = SmpBackbone("Unet", "resnet18")
    torch.save(made.encoder.state_dict(), tmp_path / "resnet18.pth")
    read = SmpBackbone(
        "Unet", "resnet18", 4, encoder_weights=str(tmp_path / "resnet18.pth")
    )
    assert torch.equal(
        read.encoder.layer1[0].conv1.weight, made.encoder.layer1[0].conv1.weight
    )
