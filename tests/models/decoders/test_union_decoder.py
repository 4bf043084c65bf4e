import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.models import UnionDecoder
from mmext.models.decoders.growth import grow
from mmext.models.decoders.union_decoder import touching

CHANNELS = ("target", "error")
# Four pixels: neither, target only, error only, both.
PROBABILITIES = torch.tensor([[[[0.2, 0.9, 0.4, 0.8]], [[0.1, 0.3, 0.7, 0.6]]]])


@pytest.mark.parametrize(
    "mode, threshold, expected",
    [
        ("union", 0.5, [0, 1, 1, 1]),
        ("target", 0.5, [0, 1, 0, 1]),
        ("error", 0.5, [0, 0, 1, 1]),
        ("union", {"target": 0.85, "error": 0.65}, [0, 1, 1, 0]),
        ("union", 1.0, [0, 0, 0, 0]),
        ("union", 0.0, [1, 1, 1, 1]),
    ],
)
def test_decisions(mode, threshold, expected):
    decision = UnionDecoder(mode, threshold)(PROBABILITIES, CHANNELS)
    assert decision["mask"][0, 0].int().tolist() == expected
    assert list(decision["channels"]) == list(CHANNELS)


def test_a_probability_at_the_threshold_is_background():
    decision = UnionDecoder(threshold=0.9)(PROBABILITIES, CHANNELS)
    assert not decision["mask"].any()


def test_the_union_leaves_the_channels_alone():
    decision = UnionDecoder()(PROBABILITIES, CHANNELS)
    assert decision["channels"]["target"][0, 0].int().tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(mode="both"), "expected one of target, error, union"),
        (dict(threshold=1.5), "is 1.5, expected at most 1"),
        (dict(threshold={"target": -1}), "is -1, expected at least 0"),
        (dict(threshold=float("nan")), "is nan, expected a finite number"),
        (dict(threshold="0.5"), "is '0.5', expected a number"),
        (dict(threshold=True), "is True, expected a number"),
    ],
)
def test_nonsense_is_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        UnionDecoder(**arguments)


def test_channels_that_are_not_there_are_refused():
    with pytest.raises(UserError, match="needs the channel error"):
        UnionDecoder("error").check(["target"])
    with pytest.raises(UserError, match="one for each of target, error"):
        UnionDecoder(threshold={"target": 0.5}).check(CHANNELS)
    with pytest.raises(UserError, match="needs the channel error"):
        UnionDecoder("error")(PROBABILITIES[:, :1], ["target"])


def test_the_union_of_one_channel_is_that_channel():
    decision = UnionDecoder()(PROBABILITIES[:, :1], ["target"])
    assert torch.equal(decision["mask"], decision["channels"]["target"])
    assert decision["mask"][0, 0].int().tolist() == [0, 1, 0, 1]


def test_names_must_be_as_many_as_channels():
    with pytest.raises(ValueError, match="zip"):
        UnionDecoder()(PROBABILITIES, ["target"])


def test_only_components_with_a_core_stay():
    mask = np.array([[[1, 1, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 1, 1, 0]]], bool)
    core = np.array([[[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 1, 0]]], bool)
    # The right component meets the lower one at a corner only.
    expected = [[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 0]]
    assert touching(mask, core)[0].astype(int).tolist() == expected


def test_images_of_a_batch_do_not_touch():
    mask = np.ones((2, 3, 3), bool)
    core = np.zeros((2, 3, 3), bool)
    core[0, 1, 1] = True
    assert touching(mask, core).all(axis=(1, 2)).tolist() == [True, False]


def test_equals_a_flood_from_the_core():
    rng = np.random.default_rng(1)
    mask, core = rng.random((3, 20, 17)) > 0.45, rng.random((3, 20, 17)) > 0.97
    reached = mask & core
    for _ in range(400):
        grown = reached.copy()
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        reached = grown & mask
    np.testing.assert_array_equal(touching(mask, core), reached)


@pytest.mark.parametrize("mask", [np.zeros((1, 4, 4), bool), np.ones((1, 4, 4), bool)])
def test_empty_and_full(mask):
    np.testing.assert_array_equal(touching(mask, mask), mask)
    assert not touching(mask, np.zeros_like(mask)).any()


# A found field grown by the error channel; an error alone; a confident error alone.
ROW = torch.tensor([[0.9, 0.2, 0.1, 0.1, 0.1, 0.1], [0.1, 0.8, 0.1, 0.7, 0.1, 0.95]])


@pytest.mark.parametrize(
    "confident, expected", [(1.0, [1, 1, 0, 0, 0, 0]), (0.9, [1, 1, 0, 0, 0, 1])]
)
def test_the_mode_touching(confident, expected):
    decoder = UnionDecoder("touching", confident=confident)
    decision = decoder(ROW[None, :, None], CHANNELS)
    assert decision["mask"][0, 0].int().tolist() == expected
    assert decision["channels"]["error"].sum() == 3
    assert not decoder.pixelwise


def flooded(low, high):
    """Hysteresis by hand: from each high pixel to its neighbours in the low mask."""
    reached, waiting = np.zeros_like(low), [*zip(*np.nonzero(low & high), strict=True)]
    while waiting:
        row, column = waiting.pop()
        inside = 0 <= row < low.shape[0] and 0 <= column < low.shape[1]
        if inside and low[row, column] and not reached[row, column]:
            reached[row, column] = True
            waiting += [(row - 1, column), (row + 1, column)]
            waiting += [(row, column - 1), (row, column + 1)]
    return reached


@pytest.mark.parametrize("channels", [("target",), CHANNELS, ("target", "fn", "fp")])
@pytest.mark.parametrize("confident", [0.9, 0.99])
def test_the_mode_hysteresis_is_a_flood_from_what_is_confident(channels, confident):
    generator = torch.Generator().manual_seed(3)
    probabilities = torch.rand(2, len(channels), 25, 31, generator=generator)
    levels = np.linspace(0.55, 0.75, len(channels))
    threshold = dict(zip(channels, levels.tolist(), strict=True))
    decoder = UnionDecoder("hysteresis", threshold, confident)
    masks = decoder(probabilities, channels)["mask"].numpy()
    for mask, image in zip(masks, probabilities.numpy(), strict=True):
        low = (image > levels[:, None, None]).any(axis=0)
        expected = flooded(low, (image > confident).any(axis=0))
        np.testing.assert_array_equal(mask, expected)
        assert 0 < mask.sum() < low.sum()
    assert not decoder.pixelwise
    rebuilt = UnionDecoder(**decoder.settings)
    assert torch.equal(rebuilt(probabilities, channels)["mask"], torch.tensor(masks))


@pytest.mark.parametrize(
    "mode, has_target, highest, kept",
    [
        ("union", False, 0.0, True),
        ("touching", True, 0.6, True),
        ("touching", False, 0.9, False),
        ("touching", False, 0.91, True),
        # What the target channel says is not enough.
        ("hysteresis", True, 0.6, False),
        ("hysteresis", True, 0.9, False),
        ("hysteresis", False, 0.91, True),
    ],
)
def test_which_components_count(mode, has_target, highest, kept):
    assert UnionDecoder(mode, confident=0.9).keeps(has_target, highest) is kept


@pytest.mark.parametrize("confident", [0.3, 0.5, 1.0])
def test_hysteresis_needs_two_levels(confident):
    message = f"confident: is {confident:g}, .* more than the threshold, 0.5, and less"
    for threshold in (0.5, dict(target=0.1, error=0.5)):
        with pytest.raises(UserError, match=message):
            UnionDecoder("hysteresis", threshold, confident)
    UnionDecoder("touching", 0.5, confident)


def test_the_mode_gated():
    probabilities = torch.tensor([[[[0.9, 0.9, 0.1, 0.1]], [[0.1, 0.1, 0.9, 0.9]],
                                   [[0.1, 0.9, 0.1, 0.9]]]])  # fmt: skip
    decoder = UnionDecoder("gated")
    mask = decoder(probabilities, ("target", "fn", "fp"))["mask"]
    assert mask[0, 0].int().tolist() == [1, 0, 1, 0]
    with pytest.raises(UserError, match="needs the channel fp"):
        decoder.check(CHANNELS)


@pytest.mark.parametrize("mode", ["union", "target", "touching", "hysteresis"])
@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_what_is_decided_grows(mode, pixels):
    generator = torch.Generator().manual_seed(4)
    probabilities = torch.rand(2, 2, 25, 31, generator=generator)
    arguments = dict(threshold=dict(target=0.995, error=0.99), confident=0.996)
    decided = UnionDecoder(mode, **arguments)(probabilities, CHANNELS)
    decoder = UnionDecoder(mode, **arguments, grow=pixels)
    grown = decoder(probabilities, CHANNELS)
    for mask, before in zip(grown["mask"].numpy(), decided["mask"], strict=True):
        np.testing.assert_array_equal(mask, grow(before.numpy(), pixels))
    assert (grown["mask"] & ~decided["mask"]).any() and not grown["mask"].all()
    assert not decoder.pixelwise
    by_pixels = decoder.by_pixels(probabilities, CHANNELS)["mask"]
    assert torch.equal(grown["pixels"], by_pixels)
    for name, mask in grown["channels"].items():
        assert torch.equal(mask, decided["channels"][name])
    assert UnionDecoder(**decoder.settings).settings == decoder.settings


@pytest.mark.parametrize("pixels", [-1, 17, 1.5, "2", True])
def test_growth_is_a_small_whole_number(pixels):
    with pytest.raises(UserError, match=r"decoder\.grow: is .*expected"):
        UnionDecoder(grow=pixels)
