"""A network as it predicts fastest."""

import copy

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

#: Folding may change a probability by no more than rounding does.
_TOLERANCE = 1e-4
#: What a caller says where it is not possible.
NOT_FOLDED = (
    "its batch norms can't be folded into its convolutions (the probabilities would "
    "change), so it predicts as it is, which is slower"
)


def folded_copy(model: nn.Module, bands: int) -> nn.Module | None:
    """A copy with batch norms folded into the convolutions before them, channels last.

    Folding goes by the order in which a module lists its parts. Where that is not the
    order in which it runs them, the probabilities change, and there is no such copy. It
    is tried on a CPU: what a GPU rounds is another matter.

    Args:
        model: With ``probabilities``, in eval mode; not changed.
        bands: Bands C of its images.

    Returns:
        The copy, in eval mode, on the model's device; None where folding is not
        possible, which the caller is to say.
    """
    folded = fuse_conv_bn(copy.deepcopy(model))
    side = 4 * getattr(getattr(model, "backbone", None), "input_multiple", 32)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, bands, side, side, generator=generator) * 255
    with torch.inference_mode():
        expected, found = (
            copy.deepcopy(each).cpu().probabilities(image) for each in (model, folded)
        )
    if not (found - expected).abs().max() < _TOLERANCE:
        return None
    return folded.to(memory_format=torch.channels_last)
