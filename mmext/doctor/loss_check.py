"""Whether the losses prefer what is right, and whether targets are heard."""

import numpy as np
import torch
from torch import Tensor, nn

from mmext.pixel_values import IGNORE

from .findings import Findings

_SURE = 6.0
# Plain cross-entropy collapsed on tree crowns at 0.02 and fits shade nets at 0.05.
_UNHEARD = 0.03


def check_losses(found: Findings, losses: nn.ModuleDict, masks: np.ndarray) -> None:
    """Score right, random and inverted predictions of real tiles.

    Also how hard target and background pull on an untrained network: the sums of the
    loss's gradients over the pixels of each. Where background pulls far harder, a
    training easily ends at "no target anywhere" and stays there.

    Args:
        found: Gets the findings.
        losses: The head's losses by channel; the masks stand for each one's target.
        masks: (N, H, W) uint8 in {0, 1, 255}, drawn as the sampler draws, with target.
    """
    target = torch.from_numpy(masks.astype(np.int64))
    positive, ignored = target == 1, target == IGNORE
    right = torch.where(positive, _SURE, -_SURE).masked_fill(ignored, 0)
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(target.shape, generator=generator)
    for channel, loss in losses.items():
        with torch.no_grad():
            scores = [float(loss(x, target)) for x in (right, random, -right)]
        found.facts[f"loss_{channel}"] = dict(
            zip(("perfect", "random", "inverted"), scores, strict=True)
        )
        text = (
            f"{type(loss).__name__} of {channel}: perfect {scores[0]:.3g}, random "
            f"{scores[1]:.3g}, inverted {scores[2]:.3g}"
        )
        if scores[0] < scores[1] < scores[2]:
            found.add("ok", "loss", text)
        else:
            found.add("error", "loss", f"{text}: expected to rise", "use another loss")
        if channel == "target":
            _check_pull(found, loss, target, positive)


def _check_pull(
    found: Findings, loss: nn.Module, target: Tensor, positive: Tensor
) -> None:
    start = torch.zeros(target.shape, requires_grad=True)
    value = loss(start, target)
    (gradient,) = torch.autograd.grad(value, start)
    untrained = float(value.detach())
    on_target = float(gradient[positive].abs().sum())
    on_background = float(gradient[~positive].abs().sum())
    with torch.no_grad():
        nothing = float(loss(torch.full(target.shape, -_SURE), target))
    ratio = on_target / max(on_background, 1e-12)
    share = float(positive.sum() / (target != IGNORE).sum().clamp(min=1))
    found.facts["pull_of_target"] = ratio
    text = (
        f"{100 * share:.2g} % of the drawn pixels are target; at the start target "
        f"pulls {ratio:.2g} times as hard as background; a confident 'nothing "
        f"anywhere' costs {nothing:.3g}, an untrained network {untrained:.3g}"
    )
    if ratio < _UNHEARD:
        found.add(
            "warning",
            "collapse",
            text,
            "take a loss that weighs targets by their share (SoftIoULoss, "
            "FocalTverskyLoss, BCEDiceLoss), or raise sampler.ratio",
        )
    else:
        found.add("ok", "collapse", text)
