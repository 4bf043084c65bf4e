"""What every depth loss must do, and each against a loop over pixels."""

import math
import statistics

import pytest
import torch

from mmext.errors import UserError
from mmext.models.losses.depth import (
    AbsRelLoss,
    ConfidentConsistencyLoss,
    DepthMaps,
    EdgePreservingLoss,
    GradientConsistencyLoss,
    SILogLoss,
    StructureGradientLoss,
    StructureGuidedSmoothLoss,
    abs_rel_loss,
    edge_preserving_loss,
    gradient_consistency_loss,
    silog_loss,
    structure_gradient_loss,
    structure_guided_smooth_loss,
    teacher_confidence,
)
from mmext.models.losses.depth.alignment import without_scale_and_shift
from mmext.registry import MODELS

LOSSES = [
    StructureGradientLoss,
    EdgePreservingLoss,
    AbsRelLoss,
    SILogLoss,
    StructureGuidedSmoothLoss,
    GradientConsistencyLoss,
    ConfidentConsistencyLoss,
]
SHAPE = (2, 1, 7, 9)


def random_maps(seed=0, dtype=torch.float64):
    """Positive maps; both targets have holes."""
    generator = torch.Generator().manual_seed(seed)

    def positive():
        return torch.rand(SHAPE, generator=generator, dtype=dtype) * 3 + 0.5

    metric, structural, depth, structure = (positive() for _ in range(4))
    depth[0, :, :2] = 0
    depth[1, :, 3, 4] = torch.nan
    structure[0, :, :, 5:] = 0
    structure[1, :, 2, 2] = 0
    return DepthMaps(metric, structural, depth, structure)


def images(*tensors):
    """Each image of each tensor as a list of rows."""
    return zip(*(tensor[:, 0].tolist() for tensor in tensors), strict=True)


def naive_normal(values, target=None):
    flat = [
        v
        for row, truth in zip(values, target or values, strict=True)
        for v, t in zip(row, truth, strict=True)
        if target is None or t > 0
    ]
    middle = sorted(flat)[(len(flat) - 1) // 2]  # torch's median is the lower one
    scale = statistics.fmean(abs(v - middle) for v in flat)
    return [[(v - middle) / scale for v in row] for row in values]


def neighbours(rows, columns, step=1):
    """Pairs of places that are next to each other, to the right, then below."""
    right = [
        ((r, c), (r, c + step))
        for r in range(0, rows, step)
        for c in range(0, columns - step, step)
    ]
    below = [
        ((r, c), (r + step, c))
        for r in range(0, rows - step, step)
        for c in range(0, columns, step)
    ]
    return right, below


def naive_gradient(first, second, target=None, scales=4, weights=None):
    total = 0.0
    for scale in range(scales):
        for direction in (0, 1):
            terms = []
            for index in range(len(first)):
                a, b = first[index], second[index]
                t = target[index] if target else [[1] * len(a[0])] * len(a)
                pairs = neighbours(len(a), len(a[0]), 2**scale)[direction]
                for (r, c), (s, d) in pairs:
                    if t[r][c] > 0 and t[s][d] > 0:
                        term = abs((a[s][d] - b[s][d]) - (a[r][c] - b[r][c]))
                        if weights:
                            term *= min(weights[index][r][c], weights[index][s][d])
                        terms.append(term)
            total += sum(terms) / max(1, len(terms))
    return total


def naive_smooth(values, guides, target=None, sharpness=10.0):
    total = 0.0
    for direction in (0, 1):
        terms = []
        for index in range(len(values)):
            v, g = values[index], guides[index]
            t = target[index] if target else [[1] * len(v[0])] * len(v)
            for (r, c), (s, d) in neighbours(len(v), len(v[0]))[direction]:
                if t[r][c] > 0 and t[s][d] > 0:
                    edge = math.exp(-sharpness * abs(g[s][d] - g[r][c]))
                    terms.append(abs(v[s][d] - v[r][c]) * edge)
        total += sum(terms) / max(1, len(terms))
    return total


def listed(tensor):
    return tensor[:, 0].tolist()


def naive_structure(maps):
    target = listed(maps.structural_target)
    pairs = list(images(maps.structural, maps.structural_target))
    return naive_gradient(
        [naive_normal(p, t) for p, t in pairs],
        [naive_normal(t, t) for _, t in pairs],
        target,
    )


def naive_edge(maps):
    pairs = list(images(maps.structural, maps.structural_target))
    return naive_smooth(
        [naive_normal(p, t) for p, t in pairs],
        [naive_normal(t, t) for _, t in pairs],
        listed(maps.structural_target),
    )


def naive_abs_rel(maps):
    pairs = zip(
        maps.metric.flatten().tolist(),
        maps.depth_target.flatten().tolist(),
        strict=True,
    )
    return statistics.fmean(abs(p - d) / d for p, d in pairs if d > 0)


def naive_silog(maps, factor=0.85):
    values = []
    for p, d in zip(maps.metric, maps.depth_target, strict=True):
        g = [
            math.log(a) - math.log(b)
            for a, b in zip(p.flatten().tolist(), d.flatten().tolist(), strict=True)
            if b > 0
        ]
        square = statistics.fmean(x * x for x in g)
        values.append(math.sqrt(square - factor * statistics.fmean(g) ** 2))
    return statistics.fmean(values)


def naive_guided_smooth(maps):
    means = maps.metric.mean(dim=(1, 2, 3), keepdim=True)
    guides = [naive_normal(s) for s in listed(maps.structural)]
    return naive_smooth(listed(maps.metric / means), guides)


def naive_consistency(maps):
    metric = (
        1 / maps.metric if maps.structural_space == "inverse_depth" else maps.metric
    )
    return naive_gradient(
        [naive_normal(m) for m in listed(metric)],
        [naive_normal(s) for s in listed(maps.structural)],
    )


def naive_confident(maps, tolerance=0.5):
    weights = []
    for t, d in images(maps.structural_target, maps.depth_target):
        both = [
            [float(a > 0 and b > 0) for a, b in zip(*rows, strict=True)]
            for rows in zip(t, d, strict=True)
        ]
        rows = zip(naive_normal(t, both), naive_normal(d, both), both, strict=True)
        weights.append(
            [
                [
                    math.exp(-abs(a - b) / tolerance) if v else 0.0
                    for a, b, v in zip(*row, strict=True)
                ]
                for row in rows
            ]
        )
    return naive_gradient(
        [naive_normal(m, w) for m, w in zip(listed(maps.metric), weights, strict=True)],
        [
            naive_normal(s, w)
            for s, w in zip(listed(maps.structural), weights, strict=True)
        ],
        weights,
        weights=weights,
    )


NAIVE = {
    StructureGradientLoss: naive_structure,
    EdgePreservingLoss: naive_edge,
    AbsRelLoss: naive_abs_rel,
    SILogLoss: naive_silog,
    StructureGuidedSmoothLoss: naive_guided_smooth,
    GradientConsistencyLoss: naive_consistency,
    ConfidentConsistencyLoss: naive_confident,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_against_a_loop_over_pixels(loss):
    maps = random_maps()
    # SILog's root is bounded from below: it may differ by a thousandth.
    tolerance = 2e-3 if loss is SILogLoss else 1e-9
    assert float(loss()(maps)) == pytest.approx(NAIVE[loss](maps), abs=tolerance)


def test_consistency_compares_inverse_depth_with_inverse_depth():
    maps = random_maps()
    inverse = DepthMaps(maps.metric, maps.structural, structural_space="inverse_depth")
    value = GradientConsistencyLoss()(inverse)
    assert float(value) == pytest.approx(naive_consistency(inverse))
    assert float(value) != pytest.approx(naive_consistency(maps), rel=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_against_differences(loss):
    maps = random_maps(seed=5)

    def value(metric, structural):
        # Smoothness must leave its guide alone: gradcheck would see it move.
        if loss is StructureGuidedSmoothLoss:
            structural = maps.structural
        return loss()(
            DepthMaps(metric, structural, maps.depth_target, maps.structural_target)
        )

    inputs = (
        maps.metric.clone().requires_grad_(),
        maps.structural.clone().requires_grad_(),
    )
    assert torch.autograd.gradcheck(value, inputs, eps=1e-7, atol=1e-5)


def test_smoothness_gives_its_guide_no_gradient():
    maps = random_maps()
    structural = maps.structural.clone().requires_grad_()
    metric = maps.metric.clone().requires_grad_()
    structure_guided_smooth_loss(metric, structural).backward()
    assert structural.grad is None
    assert metric.grad.abs().sum() > 0


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_nothing_valid_is_nought_with_finite_gradients(loss, dtype):
    metric = (torch.rand(SHAPE) + 1).to(dtype).requires_grad_()
    structural = (torch.rand(SHAPE) + 1).to(dtype).requires_grad_()
    empty = torch.zeros(SHAPE)
    nothing = torch.full(SHAPE, torch.nan)
    for target in (empty, nothing):
        value = loss()(DepthMaps(metric, structural, target, target))
        assert value.dtype == torch.float32
        assert torch.isfinite(value)
        metric.grad = structural.grad = None
        value.backward()
        needs_truth = loss not in (StructureGuidedSmoothLoss, GradientConsistencyLoss)
        if needs_truth:
            assert float(value) == 0
        for grad in (metric.grad, structural.grad):
            if grad is not None:
                assert torch.isfinite(grad).all()
                assert not (needs_truth and grad.any())


@pytest.mark.parametrize("loss", LOSSES)
def test_one_empty_image_does_not_spoil_the_batch(loss):
    maps = random_maps(dtype=torch.float32)
    maps.depth_target[1] = 0
    maps.structural_target[1] = 0
    metric = maps.metric.requires_grad_()
    structural = maps.structural.requires_grad_()
    value = loss()(maps)
    value.backward()
    assert torch.isfinite(value)
    for grad in (metric.grad, structural.grad):
        assert grad is None or torch.isfinite(grad).all()
    if loss is SILogLoss:
        alone = silog_loss(metric[:1], maps.depth_target[:1])
        assert float(value) == pytest.approx(float(alone))


@pytest.mark.parametrize("loss", LOSSES)
def test_flat_and_perfect_maps_have_finite_gradients(loss):
    truth = random_maps(dtype=torch.float32).structural
    for prediction in (torch.ones(SHAPE), truth.clone()):
        metric = prediction.clone().requires_grad_()
        structural = prediction.clone().requires_grad_()
        value = loss()(DepthMaps(metric, structural, truth, truth))
        value.backward()
        for grad in (metric.grad, structural.grad):
            assert grad is None or torch.isfinite(grad).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_is_computed_in_single(loss):
    maps = random_maps(dtype=torch.float32)
    half = DepthMaps(
        maps.metric.bfloat16(),
        maps.structural.bfloat16(),
        maps.depth_target,
        maps.structural_target,
    )
    rounded = DepthMaps(
        half.metric.float(),
        half.structural.float(),
        maps.depth_target,
        maps.structural_target,
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss()(half)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(float(loss()(rounded)), rel=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_not_valid_does_not_count(loss):
    maps = random_maps()
    changed = [maps.metric.clone(), maps.structural.clone()]
    invalid_depth = ~(maps.depth_target > 0)
    invalid_structure = ~(maps.structural_target > 0)
    changed[0][invalid_depth] = 77.0
    changed[1][invalid_structure] = 77.0
    other = DepthMaps(*changed, maps.depth_target, maps.structural_target)
    same = float(loss()(maps)) == pytest.approx(float(loss()(other)))
    # The two couplings act on every pixel, also where none was measured.
    assert same == (loss not in (StructureGuidedSmoothLoss, GradientConsistencyLoss))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_weight_multiplies(loss):
    maps = random_maps()
    single, triple = loss()(maps), loss(loss_weight=3.0)(maps)
    assert float(triple) == pytest.approx(3 * float(single))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_registry_knows_it(loss):
    assert isinstance(MODELS.build(dict(type=loss.__name__)), loss)


def smooth_field(seed, size=48):
    """A random surface of low frequencies with a step in it, above 0."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 1, 5, 5), generator=generator)
    field = torch.nn.functional.interpolate(
        coarse, size=(size, size), mode="bicubic", align_corners=True
    )
    corner = torch.randint(5, size - 20, (2,), generator=generator)
    field[..., corner[0] : corner[0] + 15, corner[1] : corner[1] + 15] += 1
    return field + 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "loss",
    [
        structure_gradient_loss,
        lambda p, t: gradient_consistency_loss(p, t, "depth"),
        abs_rel_loss,
        silog_loss,
    ],
    ids=["structure_gradient", "gradient_consistency", "abs_rel", "silog"],
)
def test_perfect_is_better_than_random_than_inverted(loss, seed):
    truth = smooth_field(seed)
    inverted = truth.max() + truth.min() - truth
    # Another surface with the same distribution of depths: it knows nothing, but
    # nothing wrong either.
    order = smooth_field(seed + 50).flatten().argsort().argsort()
    random = truth.flatten().sort().values[order].view_as(truth)
    perfect = float(loss(truth, truth))
    assert perfect == pytest.approx(0, abs=2e-6)
    assert perfect < float(loss(random, truth)) < float(loss(inverted, truth))


@pytest.mark.parametrize("loss", [edge_preserving_loss, structure_guided_smooth_loss])
def test_edges_are_free_only_where_the_guide_has_them(loss):
    """Edges with the guide's, noise, and edges everywhere but there."""
    step = torch.ones(1, 1, 32, 32)
    step[..., 16:] = 3.0
    columns = torch.arange(32)
    elsewhere = torch.where(((columns // 4) % 2 == 0), 1.0, 3.0).expand(1, 1, 32, 32)
    elsewhere = elsewhere.clone()
    elsewhere[..., 14:18] = elsewhere[..., 14:15]
    noise = 2 + 0.2 * torch.randn(1, 1, 32, 32)

    assert float(loss(step, step)) < float(loss(noise, step))
    assert float(loss(step, step)) < float(loss(elsewhere, step))
    # exp(−10) of the step is all that is left.
    assert float(loss(step, step)) < 1e-3


@pytest.mark.parametrize("scale, shift", [(3.0, 0.0), (0.1, 5.0), (250.0, -0.4)])
def test_structure_is_blind_to_scale_and_shift(scale, shift):
    truth, prediction = smooth_field(1).double(), smooth_field(2).double()
    moved = scale * prediction + shift
    for loss in (structure_gradient_loss, edge_preserving_loss):
        expected = float(loss(prediction, truth))
        assert float(loss(moved, truth)) == pytest.approx(expected)
    metric = smooth_field(3).double()
    expected = float(gradient_consistency_loss(metric, prediction, "depth"))
    assert float(gradient_consistency_loss(metric, moved, "depth")) == pytest.approx(
        expected
    )


def test_structure_is_not_blind_to_its_sign():
    """Least squares would give the inverted map a negative scale and no loss."""
    truth = smooth_field(1)
    assert float(structure_gradient_loss(5 - truth, truth)) > 0.1


def test_normalised_maps_have_median_0_and_deviation_1():
    values = random_maps().structural
    mask = torch.ones(SHAPE, dtype=torch.bool)
    mask[0, :, :, 3:] = False
    normal = without_scale_and_shift(values, mask)
    for image, valid in zip(normal, mask, strict=True):
        assert float(image[valid].median()) == 0
        assert float(image[valid].abs().mean()) == pytest.approx(1)
        assert not image[~valid].any()


@pytest.mark.parametrize("space", ["depth", "inverse_depth"])
def test_a_perfect_teacher_is_trusted_whatever_its_scale(space):
    truth = smooth_field(1)
    teacher = 3 * (truth if space == "depth" else 1 / truth) + 2
    assert torch.allclose(
        teacher_confidence(teacher, truth, space, 0.5), torch.ones(()), atol=1e-4
    )
    inverted = teacher.max() + 1 - teacher
    assert float(teacher_confidence(inverted, truth, space, 0.5).mean()) < 0.4


def test_a_teacher_is_trusted_where_it_is_right():
    truth = smooth_field(1)
    teacher = truth.clone()
    teacher[..., :10, :10] += 0.5
    truth[..., -5:, :] = 0
    found = teacher_confidence(teacher, truth, "depth", 0.5)
    wrong, right = found[..., :10, :10], found[..., 12:-5, 12:]
    assert float(wrong.max()) < float(right.min())
    assert float(right.mean()) > 2 * float(wrong.mean())
    assert not found[..., -5:, :].any()


def test_silog_and_the_scale():
    truth = smooth_field(1).double()
    # √(1 − λ) · ln 2, whatever the truth.
    for factor in (0.0, 0.5, 0.85):
        expected = math.sqrt(1 - factor) * math.log(2)
        assert float(silog_loss(2 * truth, truth, factor)) == pytest.approx(
            expected, abs=1e-3
        )
    assert float(silog_loss(2 * truth, truth, 1.0)) == pytest.approx(0, abs=1e-6)


def test_a_lambda_without_a_root_is_one_line():
    with pytest.raises(UserError, match=r"silog_lambda: is 1\.5, expected at most 1"):
        SILogLoss(silog_lambda=1.5)


@pytest.mark.parametrize("loss", [AbsRelLoss, StructureGradientLoss])
def test_a_missing_target_is_one_line(loss):
    maps = random_maps()
    with pytest.raises(UserError, match=r"gives no gt_\w+_map, a loss expects it"):
        loss()(DepthMaps(maps.metric, maps.structural))


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (2, 1)])
@pytest.mark.parametrize("loss", LOSSES)
def test_images_with_hardly_a_neighbour(loss, size):
    values = [torch.rand((1, 1, *size)) + 0.5 for _ in range(4)]
    values[0].requires_grad_()
    values[1].requires_grad_()
    value = loss()(DepthMaps(*values))
    assert torch.isfinite(value)
    if value.requires_grad:
        value.backward()
        for tensor in values[:2]:
            assert tensor.grad is None or torch.isfinite(tensor.grad).all()
