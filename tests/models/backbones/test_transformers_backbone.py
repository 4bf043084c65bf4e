import pytest
import torch

from mmext.errors import UserError
from mmext.models import TransformersBackbone
from mmext.models.first_convolution import adapt_colours

transformers = pytest.importorskip("transformers")

TINY = dict(model_type="convnext", hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 1, 1])


@pytest.mark.parametrize("bands", [1, 3, 5])
def test_maps_from_fine_to_coarse(bands):
    backbone = TransformersBackbone(bands, TINY)
    maps = backbone(torch.rand(2, bands, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (2, 4, 16, 24),
        (2, 8, 8, 12),
        (2, 12, 4, 6),
        (2, 16, 2, 3),
    ]


def test_chosen_stages():
    backbone = TransformersBackbone(3, TINY, out_features=["stage2"])
    [only] = backbone(torch.rand(1, 3, 32, 32))
    assert only.shape == (1, 8, 4, 4)


def test_weights_of_a_folder(tmp_path):
    torch.manual_seed(1)
    made = TransformersBackbone(3, TINY).eval()
    made.encoder.save_pretrained(tmp_path)
    read = TransformersBackbone(3, checkpoint=tmp_path).eval()
    image = torch.rand(1, 3, 32, 32)
    for one, other in zip(made(image), read(image), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("bands", [1, 4])
def test_the_first_convolution_is_adapted_to_other_bands(bands, tmp_path):
    made = TransformersBackbone(3, TINY)
    made.encoder.save_pretrained(tmp_path)
    read = TransformersBackbone(bands, checkpoint=tmp_path)
    theirs = made.state_dict()
    others = [key for key, w in read.state_dict().items() if not w.equal(theirs[key])]
    assert len(others) == 1
    found = read.state_dict()[others[0]]
    assert torch.equal(found, adapt_colours(theirs[others[0]], bands))
    # As the library needs it, which compares an image with what it was made for.
    assert len(read(torch.rand(1, bands, 32, 32))) == 4


def test_weights_of_other_bands_than_colours_do_not_fit(tmp_path):
    TransformersBackbone(5, TINY).encoder.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="size mismatch") as caught:
        TransformersBackbone(4, checkpoint=tmp_path)
    assert "\n" not in str(caught.value)


def test_weights_of_the_hub(tmp_path, monkeypatch):
    made = TransformersBackbone(3, TINY)
    made.encoder.save_pretrained(tmp_path)
    asked = []

    def snapshot_download(name, allow_patterns):
        asked.append((name, allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    read = TransformersBackbone(3, checkpoint="owner/convnext-tiny")
    assert asked == [("owner/convnext-tiny", ["config.json", "*.safetensors"])]
    for key, weight in read.state_dict().items():
        assert torch.equal(weight, made.state_dict()[key])


def test_without_a_network_it_is_said_what_to_do(monkeypatch):
    def snapshot_download(name, allow_patterns):
        raise OSError("no route")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    with pytest.raises(UserError, match="hf download owner/net --local") as caught:
        TransformersBackbone(3, checkpoint="owner/net")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, "expected one of config and checkpoint"),
        (dict(config=dict(model_type="nothing")), "model_type: is 'nothing'"),
        (dict(config=dict(model_type="bert")), "bert .* no encoder with stages|bert"),
        (dict(checkpoint="/no/such"), "/no/such is no folder"),
        (dict(config=TINY, out_features=["stage9"]), "stage9"),
    ],
)
def test_what_can_not_be_built(settings, message):
    with pytest.raises(UserError, match=message):
        TransformersBackbone(**settings)
