"""Loading weights made for colour images into a network that reads one band."""

from typing import Any

from torch import nn

_COLOURS = 3


def accept_colour_weights(backbone: nn.Module) -> None:
    """Let a one-band backbone load three-band weights, in place.

    The first convolution's kernels are summed over the colours while they are
    loaded. A grey image, repeated three times, would give the same: with the same
    normalisation for all bands nothing changes. Weights of one band load as they
    are, and backbones of more bands are left alone.

    Args:
        backbone: Any module whose first convolution reads the image.
    """
    first = next((m for m in backbone.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.in_channels == 1:
        first.register_load_state_dict_pre_hook(_sum_over_colours)


def _sum_over_colours(
    module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    key = f"{prefix}weight"
    weight = state_dict.get(key)
    if weight is not None and weight.dim() == 4 and weight.shape[1] == _COLOURS:
        state_dict[key] = weight.sum(dim=1, keepdim=True)
