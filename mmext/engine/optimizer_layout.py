"""An optimizer's memory laid out as the weights that it is of."""

import torch
from torch.optim import Optimizer


def lay_out_like_weights(optimizer: Optimizer) -> None:
    """Give every moment the strides of its weight.

    A checkpoint keeps strides, and one that was saved before a model became
    channels-last holds moments of another order than the weights. Fused optimizers read
    both as they lie in memory: each weight would get another's moments.

    Args:
        optimizer: With its state loaded; values stay what they are.
    """
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if (
                isinstance(value, torch.Tensor)
                and value.shape == weight.shape
                and value.stride() != weight.stride()
            ):
                laid_out = torch.empty_like(weight, dtype=value.dtype)
                state[name] = laid_out.copy_(value)
