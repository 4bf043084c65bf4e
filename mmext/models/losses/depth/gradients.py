"""Differences of neighbouring pixels, and the two costs made of them."""

import torch
from torch import Tensor


def differences(values: Tensor) -> tuple[Tensor, Tensor]:
    """Forward differences, to the right and downwards.

    Args:
        values: (N, 1, H, W).

    Returns:
        (N, 1, H, W − 1) and (N, 1, H − 1, W).
    """
    return values[..., 1:] - values[..., :-1], values[..., 1:, :] - values[..., :-1, :]


def valid_pairs(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Where both pixels of a difference are valid; shapes as :func:`differences`."""
    return mask[..., 1:] & mask[..., :-1], mask[..., 1:, :] & mask[..., :-1, :]


def lesser_of_pairs(weight: Tensor) -> tuple[Tensor, Tensor]:
    """The lesser value of both pixels of a difference."""
    return (
        torch.minimum(weight[..., 1:], weight[..., :-1]),
        torch.minimum(weight[..., 1:, :], weight[..., :-1, :]),
    )


def multi_scale_gradient_error(
    first: Tensor,
    second: Tensor,
    mask: Tensor,
    scales: int,
    weight: Tensor | None = None,
) -> Tensor:
    """Mean absolute difference of two maps' gradients, summed over scales.

    Σ_k mean(|∂x R_k| + |∂y R_k|), R = first − second, R_k every 2^k-th pixel of it
    (Li & Snavely 2018, equation 4; Ranftl et al. 2020, equation 11). The means run
    over the pairs of valid pixels of the batch at each scale.

    Args:
        first: (N, 1, H, W) float32.
        second: (N, 1, H, W) float32.
        mask: (N, 1, H, W) bool, True where valid.
        scales: Number of scales; those at which an image has no neighbours add 0.
        weight: (N, 1, H, W) in [0, 1], how much a pixel counts, a pair as much as the
            lesser of its two; the means stay those over all valid pairs. None is 1.

    Returns:
        A scalar ≥ 0.
    """
    residual = (first - second).masked_fill(~mask, 0)
    weight = torch.ones_like(residual) if weight is None else weight
    total = residual.new_zeros(())
    for scale in range(scales):
        step = 2**scale
        coarse, valid, counts = (
            of[..., ::step, ::step] for of in (residual, mask, weight)
        )
        for difference, pairs, share in zip(
            differences(coarse),
            valid_pairs(valid),
            lesser_of_pairs(counts),
            strict=True,
        ):
            total = total + _masked_mean(difference.abs() * share, pairs)
    return total


def edge_aware_smoothness(
    values: Tensor, guide: Tensor, mask: Tensor, sharpness: float
) -> Tensor:
    """Variation of a map, forgiven where the guide varies.

    mean(|∂x d| exp(−a |∂x g|)) + mean(|∂y d| exp(−a |∂y g|)) (Godard et al. 2017,
    equation 5, with depth in place of the image as guide).

    Args:
        values: (N, 1, H, W) float32, d.
        guide: (N, 1, H, W) float32, g.
        mask: (N, 1, H, W) bool, True where valid.
        sharpness: a, at least 0.

    Returns:
        A scalar ≥ 0.
    """
    total = values.new_zeros(())
    for difference, edge, pairs in zip(
        differences(values), differences(guide), valid_pairs(mask), strict=True
    ):
        weight = torch.exp(-sharpness * edge.abs())
        total = total + _masked_mean(difference.abs() * weight, pairs)
    return total


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    return values.masked_fill(~mask, 0).sum() / mask.sum().clamp(min=1)
