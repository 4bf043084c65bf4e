"""Which patches of images are hidden, and how far a guess of them is off."""

import torch
from torch import Tensor

from mmext.errors import UserError


def draw_patch_mask(
    number: int,
    size: tuple[int, int],
    patch_size: int,
    ratio: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Hide the same share of each image's patches, at random places.

    Args:
        number: Images N.
        size: Their height and width in pixels, multiples of ``patch_size``.
        patch_size: Side of a patch in pixels. Patches lie on a grid that begins at the
            image's upper left corner.
        ratio: Share of patches to hide, rounded to whole patches, at least one.
        generator: Of random numbers; None takes torch's own.

    Returns:
        (N, H, W) bool on the CPU, True where hidden.

    Raises:
        UserError: The size is no multiple of the patches'.
    """
    height, width = size
    if height % patch_size or width % patch_size:
        raise UserError(
            f"model.patch_size: is {patch_size}, expected a divisor of the tiles' "
            f"{width} x {height} pixels"
        )
    rows, columns = height // patch_size, width // patch_size
    hidden = max(1, round(ratio * rows * columns))
    order = torch.rand(number, rows * columns, generator=generator).argsort(dim=1)
    patches = torch.zeros(number, rows * columns, dtype=torch.bool)
    patches.scatter_(1, order[:, :hidden], True)
    grid = patches.view(number, rows, columns)
    return grid.repeat_interleave(patch_size, 1).repeat_interleave(patch_size, 2)


def masked_l1(found: Tensor, images: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference over the pixels of a mask, all bands alike.

    Args:
        found: (N, C, H, W).
        images: (N, C, H, W), what it should be.
        mask: (N, H, W) bool.

    Returns:
        A scalar; 0 where the mask is empty.
    """
    differences = (found - images).abs().masked_fill(~mask.unsqueeze(1), 0)
    return differences.sum() / (mask.sum() * images.shape[1]).clamp(min=1)
