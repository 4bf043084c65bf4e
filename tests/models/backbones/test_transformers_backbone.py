import pytest
import torch

from mmext.errors import UserError
from mmext.models import TransformersBackbone

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


def test_other_bands_keep_all_but_the_first_convolution(tmp_path):
    made = TransformersBackbone(3, TINY)
    made.encoder.save_pretrained(tmp_path)
    read = TransformersBackbone(4, checkpoint=tmp_path)
    theirs = made.state_dict()
    same = [key for key, w in read.state_dict().items() if w.equal(theirs[key])]
    others = set(theirs) - set(same)
    assert len(others) == 1
    assert read.state_dict()[others.pop()].shape[1] == 4


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
