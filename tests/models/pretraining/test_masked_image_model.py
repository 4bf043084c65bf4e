"""Guessing what is hidden, around every network that has a config."""

from pathlib import Path

import pytest
import torch

from mmext.engine.build_config import load_config
from mmext.errors import UserError
from mmext.registry import MODELS
from mmext.structures import TileSamples

VARIANTS = Path(__file__).resolve().parents[3] / "configs" / "variants"
NAMES = sorted(path.parent.name for path in VARIANTS.glob("*/stage1_trunk.py"))
NEEDS = {
    "upernet_convnext_t": "transformers",
    "unetplusplus": "segmentation_models_pytorch",
    "manet": "segmentation_models_pytorch",
}
UNET = dict(type="UNet3", in_channels=2, base_channels=4)


def model_of(backbone, bands=2, **settings):
    normalizer = dict(type="BandNormalizer", mean=[0.0] * bands, std=[1.0] * bands)
    settings = dict(patch_size=8) | settings
    return MODELS.build(
        dict(
            type="MaskedImageModel",
            backbone=backbone,
            data_preprocessor=normalizer,
            **settings,
        )
    )


def samples(labels):
    return TileSamples(gt_sem_seg=labels, metainfo=dict(columns={}, steps=()))


def nothing_ignored(number, size):
    return samples(torch.zeros(number, size, size, dtype=torch.uint8))


def test_what_is_hidden_is_not_seen():
    model = model_of(UNET).eval()
    images = torch.randn(2, 2, 32, 32)
    mask = model.draw_mask(images)
    others = torch.where(mask.unsqueeze(1), torch.randn_like(images), images)
    found = model.reconstruct(images, mask)
    assert found.shape == images.shape
    assert torch.equal(model.reconstruct(others, mask), found)
    assert not torch.equal(model.reconstruct(images, ~mask), found)


def test_the_loss_is_of_hidden_pixels_that_show_something():
    model = model_of(UNET)
    images, labels = torch.randn(2, 2, 32, 32), torch.zeros(2, 32, 32)
    labels[:, :16] = 255
    mask = torch.zeros(2, 32, 32, dtype=torch.bool)
    mask[:, 8:24, :8] = True
    model.draw_mask = lambda images: mask
    found = model.eval().reconstruct(images, mask)
    loss = model(images, samples(labels.byte()), mode="loss")["loss_reconstruction"]
    by_hand = (found - images)[:, :, 16:24, :8].abs().mean()
    torch.testing.assert_close(loss, by_hand)


def test_it_learns_to_guess_images_that_it_sees_again():
    torch.manual_seed(0)
    model = model_of(UNET, mask_ratio=0.25).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    images = torch.randn(4, 2, 1, 1).expand(4, 2, 32, 32)
    losses = []
    for _ in range(60):
        loss = model.loss(images, nothing_ignored(4, 32))["loss_reconstruction"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.4 * sum(losses[:10])


@pytest.mark.parametrize("name", NAMES)
def test_a_step_reaches_every_network(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], exc_type=ImportError)
    backbone = load_config(VARIANTS / name / "stage1_trunk.py").model.backbone
    model = model_of(backbone, bands=3, patch_size=32).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = {key: value.clone() for key, value in model.named_parameters()}
    images = torch.randn(2, 3, 64, 64)
    assert model(images).shape == images.shape
    model.loss(images, nothing_ignored(2, 64))["loss_reconstruction"].backward()
    optimizer.step()
    changed = [
        key for key, value in model.named_parameters() if not value.equal(before[key])
    ]
    assert len(changed) > 0.8 * len(before)


@pytest.mark.parametrize("name", NAMES)
def test_every_network_begins_with_an_encoder(name, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], exc_type=ImportError)
    backbone = load_config(VARIANTS / name / "stage1_trunk.py").model.backbone
    weights = MODELS.build(backbone).state_dict()
    named = {f"backbone.{key}": weight for key, weight in weights.items()}
    torch.save({"state_dict": named}, tmp_path / "encoder.pth")
    init_cfg = dict(
        type="Pretrained",
        checkpoint=str(tmp_path / "encoder.pth"),
        prefix="backbone.",
    )
    begun = MODELS.build({**backbone, "init_cfg": init_cfg})
    begun.init_weights()
    for key, weight in begun.state_dict().items():
        assert torch.equal(weight, weights[key]), key


def test_a_map_that_does_not_divide_the_image_is_laid_over_it():
    backbone = dict(type="ResNet", depth=18, in_channels=2, base_channels=8)
    backbone["stem_channels"] = 8
    model = model_of(backbone).eval()
    assert model.reconstruct(
        torch.randn(1, 2, 40, 40), torch.zeros(1, 40, 40, dtype=torch.bool)
    ).shape == (1, 2, 40, 40)


@pytest.mark.parametrize("ratio", [0, 1, 1.5, "half"])
def test_ratios_that_hide_nothing_or_all_are_refused(ratio):
    with pytest.raises(UserError, match=r"model\.mask_ratio"):
        model_of(UNET, mask_ratio=ratio)
