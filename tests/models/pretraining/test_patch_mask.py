"""Which patches are hidden, and the loss over them, worked by hand."""

import pytest
import torch

from mmext.errors import UserError
from mmext.models.pretraining.patch_mask import draw_patch_mask, masked_l1


@pytest.mark.parametrize(
    ("ratio", "hidden"), [(0.6, 14), (0.5, 12), (0.001, 1), (0.999, 24)]
)
def test_each_image_has_the_same_share_of_whole_patches_hidden(ratio, hidden):
    mask = draw_patch_mask(5, (32, 48), 8, ratio)
    assert mask.shape == (5, 32, 48) and mask.dtype == torch.bool
    patches = mask.view(5, 4, 8, 6, 8).permute(0, 1, 3, 2, 4).reshape(5, 24, 64)
    whole, none = patches.all(dim=2), ~patches.any(dim=2)
    assert (whole | none).all()
    assert whole.sum(dim=1).tolist() == [hidden] * 5


def test_every_patch_is_as_likely_and_images_differ():
    mask = draw_patch_mask(4000, (16, 16), 8, 0.5, torch.Generator().manual_seed(0))
    share = mask[:, ::8, ::8].float().mean(dim=0)
    # Four standard errors of a half.
    torch.testing.assert_close(share, torch.full((2, 2), 0.5), atol=0.032, rtol=0)
    assert len(torch.unique(mask.flatten(1), dim=0)) == 6  # two of four patches


def test_torchs_seed_or_the_generator_says_which():
    one = draw_patch_mask(3, (64, 64), 8, 0.6, torch.Generator().manual_seed(1))
    torch.manual_seed(1)
    assert torch.equal(draw_patch_mask(3, (64, 64), 8, 0.6), one)
    assert not torch.equal(draw_patch_mask(3, (64, 64), 8, 0.6), one)


@pytest.mark.parametrize("size", [(40, 64), (64, 40)])
def test_patches_that_do_not_cover_a_tile_are_refused(size):
    with pytest.raises(UserError, match=r"patch_size: is 32, expected a divisor"):
        draw_patch_mask(1, size, 32, 0.5)


def test_only_hidden_pixels_count():
    images = torch.zeros(1, 2, 1, 3)
    found = torch.tensor([[[[1.0, 100.0, -2.0]], [[3.0, 100.0, 0.5]]]])
    mask = torch.tensor([[[True, False, True]]])
    # (1 + 2 + 3 + 0.5) over two pixels of two bands.
    assert masked_l1(found, images, mask).item() == pytest.approx(6.5 / 4)
    found.requires_grad_(True)
    masked_l1(found, images, mask).backward()
    assert found.grad[..., 1].abs().sum() == 0
    assert found.grad[..., 0].tolist() == [[[0.25], [0.25]]]


def test_an_empty_mask_is_no_loss_and_no_gradient():
    found = torch.rand(2, 3, 4, 4, requires_grad=True)
    mask = torch.zeros(2, 4, 4, dtype=torch.bool)
    loss = masked_l1(found, torch.full_like(found, torch.nan), mask)
    loss.backward()
    assert loss == 0 and found.grad.abs().sum() == 0
