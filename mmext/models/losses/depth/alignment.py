"""Taking scale and shift out of a depth map, so that structure is left."""

import torch
from torch import Tensor

from mmext.models.losses.masked import at_least_float32

# Below this a map counts as flat. Maps in metres, or as networks give them, vary
# by more; dividing by less would let rounding errors make gradients.
_FLAT = 1e-4


def without_scale_and_shift(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Shift each map to median 0 and scale it to mean absolute deviation 1.

    (d − t) / s with t = median(d), s = mean|d − t| over the valid pixels of each
    image (Ranftl et al. 2020, equations 5 and 6). Two maps that differ by a
    positive scale and a shift become equal. The least-squares alignment of the same
    paper is not used: it gives an inverted map a negative scale and no loss.

    Args:
        values: (N, 1, H, W), any float dtype.
        mask: (N, 1, H, W) bool, True where valid; None means everywhere.

    Returns:
        (N, 1, H, W) of float32 (float64 for float64 values); 0 with no gradient at
        pixels that are not valid. A flat map gives 0.
    """
    values = at_least_float32(values)
    if mask is None:
        mask = torch.ones_like(values, dtype=torch.bool)
    count = mask.sum(dim=(1, 2, 3), keepdim=True)
    # An image without a valid pixel gets a whole one here, and is left out below.
    usable = mask | (count == 0)
    picked = values.masked_fill(~usable, torch.nan).flatten(1)
    median = picked.nanmedian(dim=1).values.view(-1, 1, 1, 1)
    centred = (values - median).masked_fill(~mask, 0)
    deviation = centred.abs().sum(dim=(1, 2, 3), keepdim=True) / count.clamp(min=1)
    return centred / deviation.clamp(min=_FLAT)
