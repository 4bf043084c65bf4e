import pytest
import torch

from mmext.errors import UserError
from mmext.models import UnionDecoder

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
