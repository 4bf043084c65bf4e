import math

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.objects import match_objects
from mmext.models import UnionDecoder
from mmext.models.decoders.growth import grow
from mmext.registry import METRICS


def sample(target, masks, logits=None, scene="a", row=0, col=0):
    """What a BinarySegmentor's prediction looks like as a dict."""
    masks = np.asarray(masks, np.uint8)
    logits = np.where(masks, 4.0, -4.0) if logits is None else logits
    names = ("target", "error", "fp")[: len(masks)]
    return dict(
        gt_sem_seg=dict(data=torch.as_tensor(np.asarray(target))[None]),
        pred_channels=dict(data=torch.from_numpy(masks)),
        pred_sem_seg=dict(data=torch.from_numpy(masks.any(0)[None].astype(np.int64))),
        seg_logits=dict(data=torch.as_tensor(logits, dtype=torch.float32)),
        channels=names,
        scene=scene,
        row_off=row,
        col_off=col,
    )


def evaluate(samples, size=None, **options):
    metric = METRICS.build(dict(type="BinarySegMetric", **options))
    metric.process({}, samples)
    return metric.evaluate(size or len(samples))


def test_scores_are_of_sums_not_means_of_scores():
    full = sample(np.ones((4, 4), int), [np.ones((4, 4))])
    half = np.zeros((4, 4), int)
    half[:, :1] = 1
    none = sample(half, [np.zeros((4, 4))], col=4)
    scores = evaluate([full, none])
    assert scores["test/target.iou"] == 16 / 20  # not (1 + 0) / 2
    assert scores["test/target.fn_tp"] == 4 / 16
    assert scores["test/target.tn"] == 12


def test_channels_and_union_against_the_ground_truth():
    target = np.array([[1, 1, 0, 0, 255]])
    scores = evaluate([sample(target, [[[1, 0, 0, 0, 1]], [[0, 1, 1, 0, 0]]])])
    expected = dict(target=(1, 0, 1), error=(1, 1, 1), union=(2, 1, 0))
    for name, (tp, fp, fn) in expected.items():
        counts = Confusion(tp=tp, fp=fp, fn=fn, tn=2 - fp)
        for score, value in counts.as_dict().items():
            assert scores[f"test/{name}.{score}"] == pytest.approx(value, nan_ok=True)


def test_the_loss_is_torchs_over_valid_pixels():
    torch.manual_seed(0)
    target = torch.randint(0, 2, (5, 6))
    target[0] = 255
    logits = torch.randn(1, 5, 6)
    scores = evaluate([sample(target, logits.numpy() > 0, logits)], prefix="val")
    valid = target != 255
    expected = functional.binary_cross_entropy_with_logits(
        logits[0][valid], target[valid].float()
    )
    assert scores["val/loss"] == pytest.approx(float(expected), rel=1e-6)


def test_a_field_across_tiles_is_one_field():
    """Found on its left half only: half of it is covered, so it is found."""
    left, right = np.zeros((4, 4), int), np.zeros((4, 4), int)
    left[1, 2:], right[1, :2] = 1, 1
    tiles = [
        sample(left, [left]),
        sample(right, [np.zeros((4, 4))], col=4),
    ]
    scores = evaluate(tiles)
    assert scores["test/objects.target.true_objects"] == 1
    assert scores["test/objects.target.recall"] == 1
    apart = evaluate([tiles[0], {**tiles[1], "scene": "b"}])
    assert apart["test/objects.target.true_objects"] == 2
    assert apart["test/objects.target.recall"] == 0.5


def test_nothing_to_find_has_no_score():
    empty = sample(np.zeros((3, 3), int), [np.zeros((3, 3))])
    scores = evaluate([empty])
    for name in ("target.iou", "target.f1", "objects.target.recall"):
        assert math.isnan(scores[f"test/{name}"])


def test_all_ignored():
    scores = evaluate([sample(np.full((3, 3), 255), [np.ones((3, 3))])])
    assert scores["test/target.tp"] == scores["test/target.fp"] == 0
    assert math.isnan(scores["test/loss"])


def test_repeated_tiles_are_dropped():
    """A distributed sampler fills its last round up with tiles from the start."""
    one = sample(np.ones((2, 2), int), [np.ones((2, 2))])
    scores = evaluate([one, {**one, "col_off": 2}, one], size=2)
    assert scores["test/target.tp"] == 8


def test_objects_can_be_left_out():
    scores = evaluate([sample(np.ones((2, 2), int), [np.ones((2, 2))])], objects=False)
    assert not any("objects" in name for name in scores)


def cut_samples(probabilities, target, decoder, size=7, scene="a"):
    """Predictions of a scene's tiles, each decided by itself as a model does."""
    names = ("target", "error")[: len(probabilities)]
    for row in range(0, target.shape[0], size):
        for column in range(0, target.shape[1], size):
            part = np.s_[..., row : row + size, column : column + size]
            tile = torch.from_numpy(probabilities[part])
            decision = decoder(tile[None], names)
            masks = torch.cat(list(decision["channels"].values())).numpy()
            made = sample(target[part], masks, tile.logit(), scene, row, column)
            made["pred_sem_seg"]["data"] = decision["mask"].long()
            for name in ("pixels", "core"):
                if name in decision:
                    made[f"pred_{name}"] = dict(data=decision[name])
            yield made | dict(grow=decoder.grow)


def random_scene(channels):
    rng = np.random.default_rng(channels)
    probabilities = rng.random((channels, 25, 33)).astype(np.float32)
    target = rng.integers(0, 2, (25, 33))
    target[:2] = 255
    return probabilities, target


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("objects", [False, True])
@pytest.mark.parametrize(
    "mode, pixels",
    [("touching", 0), ("hysteresis", 0), ("target", 2), ("hysteresis", 1)],
)
def test_decisions_are_those_of_whole_scenes(channels, objects, mode, pixels):
    threshold = 0.97 if mode == "target" else 0.6 if channels == 1 else 0.75
    arguments = dict(mode=mode, threshold=threshold, confident=0.975)
    if mode == "touching" and channels == 2:
        arguments |= dict(threshold=dict(target=0.97, error=0.6), confident=0.99)
    decoder = UnionDecoder(**arguments, grow=pixels)
    probabilities, target = random_scene(channels)
    samples = [
        *cut_samples(probabilities, target, decoder),
        *cut_samples(probabilities[:, ::-1].copy(), target, decoder, scene="b"),
    ]
    scores = evaluate(samples[::-1], objects=objects)
    name = "target" if channels == 1 else "union"
    names = ("target", "error")[:channels]
    total, objects_found = Confusion(), 0
    for image in (probabilities, probabilities[:, ::-1].copy()):
        valid = target != 255  # What is ignored is not decided, as no-data in a map.
        known = torch.from_numpy(image * valid)[None]
        mask = UnionDecoder(**arguments)(known, names)["mask"][0].numpy()
        mask = grow(mask, pixels, valid)
        total += confusion(mask, target)
        objects_found += match_objects(target == 1, mask, valid).predicted_objects
    for score, value in total.as_dict().items():
        assert scores[f"test/{name}.{score}"] == value
    by_tile = sum(
        (
            confusion(
                made["pred_sem_seg"]["data"][0].numpy() == 1,
                made["gt_sem_seg"]["data"][0].numpy(),
            )
            for made in samples
        ),
        Confusion(),
    )
    if not (mode == "touching" and channels == 1):  # where all components count
        assert by_tile != total
    if objects:
        found = scores[f"test/objects.{name}.predicted_objects"]
        assert found == objects_found


def test_without_components_scenes_and_tiles_are_the_same():
    """A core everywhere makes every component count: what pixels decide alone."""
    probabilities, target = random_scene(2)
    plain = [*cut_samples(probabilities, target, UnionDecoder(threshold=0.8))]
    stitched = [
        {
            **made,
            "pred_pixels": dict(data=made["pred_sem_seg"]["data"].bool()),
            "pred_core": dict(data=torch.ones_like(made["pred_sem_seg"]["data"])),
        }
        for made in plain
    ]
    # Overlapping tiles, too: a pixel counts as often as tiles show it.
    for samples in (plain, stitched):
        samples.append({**samples[3], "row_off": 0, "col_off": 60})
        samples.append(samples[4])
    assert evaluate(stitched) == pytest.approx(evaluate(plain), nan_ok=True)


def test_tiles_without_a_place_are_decided_by_themselves(monkeypatch):
    decoder = UnionDecoder("hysteresis", 0.75, 0.97)
    samples = list(cut_samples(*random_scene(2), decoder))
    for made in samples:
        del made["scene"]
    said = []
    monkeypatch.setattr(
        "mmext.evaluation.metrics.binary_seg_metric.print_log",
        lambda text, *_: said.append(text),
    )
    scores = evaluate(samples, objects=False)
    tp = sum(
        int(
            (
                (made["pred_sem_seg"]["data"] == 1) & (made["gt_sem_seg"]["data"] == 1)
            ).sum()
        )
        for made in samples
    )
    assert scores["test/union.tp"] == tp
    assert len(said) == 1 and "decided by itself" in said[0]


def test_groups_are_scored_by_their_scenes_sums():
    truth = np.array([[1, 1, 0, 0], [0, 0, 0, 255]])
    right = sample(truth, [truth == 1], scene="austin1")
    blind = sample(truth, [truth == 9], scene="austin12")
    west = sample(truth, [truth != 255], scene="tyrol-w3")
    scores = evaluate([right, blind, west], groups="([a-z-]+)[0-9]+")
    assert scores["test/groups.austin.target.iou"] == 2 / 4
    assert scores["test/groups.austin.target.accuracy"] == 12 / 14
    assert scores["test/groups.tyrol-w.target.iou"] == 2 / 7
    assert scores["test/groups.tyrol-w.target.accuracy"] == 2 / 7
    assert scores["test/target.accuracy"] == 14 / 21
    with pytest.raises(UserError, match="'vienna' is not of the form"):
        evaluate([sample(truth, [truth], scene="vienna")], groups="([a-z-]+)[0-9]+")
    for wrong in ("[a-z", "[a-z]+"):
        with pytest.raises(UserError, match="groups"):
            METRICS.build(dict(type="BinarySegMetric", groups=wrong))


@pytest.mark.parametrize("objects", [True, False])
def test_relaxed_scores_see_across_tiles(objects):
    """A road in the left tile's last column, predicted two columns further right."""
    road, nothing = np.zeros((6, 5), int), np.zeros((6, 5), int)
    road[:, 4] = 1
    drawn = np.zeros((6, 5), int)
    drawn[:, 1] = 1
    pair = [sample(road, [nothing]), sample(nothing, [drawn], col=5)]
    strict = evaluate(pair, slack=1, objects=objects)
    assert strict["test/relaxed.target.precision"] == 0
    assert math.isnan(strict["test/relaxed.target.f1"])
    scores = evaluate(pair, slack=2, objects=objects)
    for score in ("precision", "recall", "f1", "break_even"):
        assert scores[f"test/relaxed.target.{score}"] == 1
    # At every threshold above that of the other pixels.
    lowest = float(torch.tensor(-4.0).sigmoid())
    assert lowest < scores["test/relaxed.target.break_even_threshold"] < 0.03
    assert not any("relaxed" in name for name in evaluate(pair))


def test_the_break_even_of_a_union_is_of_the_highest_probability():
    truth = np.array([[1, 1, 0, 0]])
    logits = np.array([[[4.0, -4, -4, -4]], [[-4.0, 4, -4, -4]]])
    found = evaluate([sample(truth, logits > 0, logits)], slack=0)
    assert found["test/relaxed.union.break_even"] == 1
    assert found["test/relaxed.target.break_even"] < 1
