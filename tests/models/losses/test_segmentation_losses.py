"""What every segmentation loss must do, and each against a loop over pixels."""

import math

import pytest
import torch

from mmext.models.losses import (
    BCEDiceLoss,
    BCEIoULoss,
    BinaryFocalLoss,
    FocalTverskyLoss,
    MaskedBCEWithLogitsLoss,
    OHEMBCELoss,
    SoftIoULoss,
    UnifiedFocalLoss,
)
from mmext.registry import MODELS

LOSSES = [
    MaskedBCEWithLogitsLoss,
    SoftIoULoss,
    FocalTverskyLoss,
    BCEIoULoss,
    BCEDiceLoss,
    BinaryFocalLoss,
    OHEMBCELoss,
    UnifiedFocalLoss,
]
SHAPE = (2, 6, 5)


def pixels(logits, target):
    for x, y in zip(logits.flatten().tolist(), target.flatten().tolist(), strict=True):
        if y != 255:
            yield 1 / (1 + math.exp(-x)), y


def naive_bce(logits, target):
    terms = [-math.log(p) if y else -math.log(1 - p) for p, y in pixels(logits, target)]
    return sum(terms) / len(terms)


def naive_soft_iou(logits, target):
    both = sum(p * y for p, y in pixels(logits, target))
    either = sum(p + y - p * y for p, y in pixels(logits, target))
    return 1 - (both + 1) / (either + 1)


def naive_focal_tversky(logits, target):
    tp = sum(p * y for p, y in pixels(logits, target))
    fn = sum((1 - p) * y for p, y in pixels(logits, target))
    fp = sum(p * (1 - y) for p, y in pixels(logits, target))
    index = (tp + 1) / (tp + 0.7 * fn + 0.3 * fp + 1)
    return (1 - index) ** (3 / 4)


def naive_dice(logits, target):
    both = sum(p * y for p, y in pixels(logits, target))
    total = sum(p + y for p, y in pixels(logits, target))
    return 1 - (2 * both + 1) / (total + 1)


def naive_focal(logits, target):
    terms = []
    for p, y in pixels(logits, target):
        right, weight = (p, 0.25) if y else (1 - p, 0.75)
        terms.append(-weight * (1 - right) ** 2 * math.log(right))
    return sum(terms) / len(terms)


def naive_ohem(logits, target):
    terms = [-math.log(p) if y else -math.log(1 - p) for p, y in pixels(logits, target)]
    hardest = sorted(terms, reverse=True)[: math.ceil(len(terms) / 4)]
    return sum(hardest) / len(hardest)


def naive_unified_focal(logits, target):
    terms, sums = [], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    for p, y in pixels(logits, target):
        terms.append(-0.6 * math.log(p) if y else -0.4 * p**0.5 * math.log(1 - p))
        for of_class, (q, t) in enumerate(((1 - p, 1 - y), (p, y))):
            for index, value in enumerate((q * t, (1 - q) * t, q * (1 - t))):
                sums[of_class][index] += value
    indices = [(tp + 1) / (tp + 0.6 * fn + 0.4 * fp + 1) for tp, fn, fp in sums]
    tversky = ((1 - indices[0]) + (1 - indices[1]) ** 0.5) / 2
    return sum(terms) / len(terms) / 2 + tversky / 2


NAIVE = {
    BCEDiceLoss: lambda x, y: naive_bce(x, y) + naive_dice(x, y),
    BinaryFocalLoss: naive_focal,
    OHEMBCELoss: naive_ohem,
    UnifiedFocalLoss: naive_unified_focal,
    MaskedBCEWithLogitsLoss: naive_bce,
    SoftIoULoss: naive_soft_iou,
    FocalTverskyLoss: naive_focal_tversky,
    BCEIoULoss: lambda x, y: naive_bce(x, y) + naive_soft_iou(x, y),
}


def random_batch():
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 2, SHAPE, generator=generator)
    target[0, :2] = 255
    return logits, target


@pytest.mark.parametrize("loss", LOSSES)
def test_equals_a_loop_over_pixels(loss):
    logits, target = random_batch()
    assert float(loss()(logits, target)) == pytest.approx(
        NAIVE[loss](logits, target), rel=1e-5
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_perfect_is_less_than_random_is_less_than_inverted(loss):
    _, target = random_batch()
    sign = torch.where(target == 1, 1.0, -1.0)
    perfect, inverted = loss()(12 * sign, target), loss()(-12 * sign, target)
    chance = loss()(torch.zeros(SHAPE), target)
    assert perfect < 0.02 < chance < inverted


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("value", [0, 1, 255], ids=["empty", "full", "ignored"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 60.0])
def test_finite_with_finite_gradients(loss, value, scale):
    logits = (scale * torch.randn(SHAPE)).requires_grad_()
    target = torch.full(SHAPE, value)
    result = loss()(logits, target)
    result.backward()
    assert torch.isfinite(result)
    assert torch.isfinite(logits.grad).all()
    if value == 255:
        assert result == 0
        assert (logits.grad == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_ignored_pixels_change_nothing(loss):
    logits, target = random_batch()
    for value in (100.0, math.nan):
        other = torch.where(target == 255, value, logits).requires_grad_()
        result = loss()(other, target)
        assert result == loss()(logits, target)
        result.backward()
        assert (other.grad[target == 255] == 0).all()
        assert torch.isfinite(other.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_those_of_the_formula(loss):
    logits, target = random_batch()
    assert torch.autograd.gradcheck(
        lambda x: loss()(x, target), (logits.requires_grad_(),)
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_is_computed_in_single(loss):
    """A mean over 70,000 pixels overflows float16's sums; it must not here."""
    logits = torch.randn(1, 300, 240)
    target = torch.randint(0, 2, logits.shape)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = loss()(logits.half(), target)
    assert half.dtype == torch.float32
    assert float(half) == pytest.approx(float(loss()(logits, target)), abs=2e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_weight_is_a_factor(loss):
    logits, target = random_batch()
    once, thrice = loss()(logits, target), loss(loss_weight=3.0)(logits, target)
    assert float(thrice) == pytest.approx(3 * float(once))


def test_an_empty_prediction_of_an_empty_batch_is_right():
    logits, target = torch.full(SHAPE, -30.0), torch.zeros(SHAPE, dtype=torch.long)
    for loss in LOSSES:
        assert loss()(logits, target) < 1e-4


def test_weighted_cross_entropy_is_a_weighted_mean():
    logits, target = random_batch()
    weight = torch.rand(SHAPE, dtype=torch.float64)
    terms = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, (target == 1).double(), reduction="none"
    )
    valid = target != 255
    expected = (terms * weight)[valid].sum() / weight[valid].sum()
    found = MaskedBCEWithLogitsLoss()(logits, target, weight)
    assert float(found) == pytest.approx(float(expected))


def test_soft_targets_of_cross_entropy():
    """At a target of 0.3 the loss is least where the probability is 0.3."""
    target = torch.full(SHAPE, 0.3)
    losses = [
        float(MaskedBCEWithLogitsLoss()(torch.full(SHAPE, p).logit(), target))
        for p in (0.2, 0.3, 0.4)
    ]
    assert losses[1] == min(losses)


def test_mmsegs_lovasz_hinge_fits_the_head():
    """Not among mmseg's broken losses: ignores 255, and is 0 when all is right."""
    loss = MODELS.build(dict(type="LovaszLoss", loss_type="binary", reduction="none"))
    logits, target = random_batch()
    logits = logits.float()
    sign = torch.where(target == 1, 1.0, -1.0)
    assert loss(10 * sign, target) == 0
    assert loss(-10 * sign, target) > 10
    other = torch.where(target == 255, 100.0, logits)
    assert loss(other, target) == loss(logits, target)
