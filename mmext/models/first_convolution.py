"""Weights made for colour images in a network of other bands."""

from typing import Any

from mmengine.logging import print_log
from torch import Tensor, nn

_COLOURS = ("red", "green", "blue")


def adapt_colours(weight: Tensor, bands: int) -> Tensor:
    """Kernels for red, green and blue as kernels for any number of bands.

    As timm and segmentation_models_pytorch do: one band gets the sum over the colours,
    which is what a grey image repeated three times would see; of several, each gets a
    colour's in turn (red, green, blue, red, …), times 3 / bands, so that what comes
    out stays about as large.

    Args:
        weight: (O, 3, h, w), made for red, green and blue in this order.
        bands: Bands of the network's image, at least 1.

    Returns:
        (O, bands, h, w).
    """
    if bands == 1:
        return weight.sum(dim=1, keepdim=True)
    turns = [band % len(_COLOURS) for band in range(bands)]
    return weight[:, turns] * (len(_COLOURS) / bands)


def accept_colour_weights(backbone: nn.Module) -> None:
    """Let a backbone load weights made for three bands, in place.

    Its first convolution adapts them while they are loaded, whoever loads them, and
    says so (:func:`adapt_colours`). Weights of as many bands as its own load as they
    are.

    Args:
        backbone: Any module whose first convolution reads the image.
    """
    first = next((m for m in backbone.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.groups == 1 and first.in_channels != len(_COLOURS):
        first.register_load_state_dict_pre_hook(_adapt)


def _adapt(module: nn.Conv2d, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
    key, bands = f"{prefix}weight", module.in_channels
    weight = state_dict.get(key)
    if weight is None or weight.dim() != 4 or weight.shape[1] != len(_COLOURS):
        return
    state_dict[key] = adapt_colours(weight, bands)
    if bands == 1:
        how = "its band gets their sum over the colours"
    else:
        taken = ", ".join(_COLOURS[band % len(_COLOURS)] for band in range(bands))
        how = f"its bands are taken for {taken}, times 3/{bands}"
    print_log(
        f"{key}: weights made for red, green and blue, the image has {bands} "
        f"band{'s' * (bands > 1)}: {how}",
        logger="current",
    )
