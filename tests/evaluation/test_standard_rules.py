from collections import Counter

import pytest

from mmext.evaluation.standard_rules import (
    candidates,
    standard_decoders,
    standard_rules,
)
from mmext.models import UnionDecoder


def kinds(channels):
    return Counter(
        (decoder["mode"], isinstance(decoder["threshold"], dict))
        for decoder in standard_decoders(channels)
    )


def test_as_the_protocol_says():
    assert kinds(("target",)) == {("target", False): 17, ("hysteresis", False): 32}
    assert kinds(("target", "error")) == {
        ("target", False): 17,
        ("union", False): 17,
        ("union", True): 17 * 8,
        ("touching", True): 4 * 4 * 3,
        ("hysteresis", False): 32,
    }
    assert kinds(("target", "fn", "fp")) == {
        ("target", False): 17,
        ("gated", False): 17,
        ("gated", True): 6 * 5 * 5,
    }


@pytest.mark.parametrize(
    "channels",
    [
        ("target",),
        ("target", "error"),
        ("target", "fn"),
        ("target", "fp"),
        ("target", "fn", "fp"),
        ("target", "error_frequency"),
    ],
)
def test_the_model_can_decide_by_all_and_none_comes_twice(channels):
    decoders = standard_decoders(channels)
    for decoder in decoders:
        UnionDecoder(**decoder).check(channels)
    assert len({str(UnionDecoder(**of).settings) for of in decoders}) == len(decoders)


def test_each_is_grown_by_up_to_four_pixels():
    rules = standard_rules(("target",))
    assert len(rules) == 5 * 49
    assert {rule.decoder.get("grow", 0) for rule in rules} == {0, 1, 2, 3, 4}
    assert len(standard_rules(("target",), [dict(min_area=4)])) == 49


def test_decoders_times_filters():
    pairs = candidates(
        [dict(threshold=0.3), dict(threshold=0.5)], [{}, dict(min_area=9)]
    )
    assert len(pairs) == 4
    assert str(pairs[1]) == "union, threshold 0.3, min_area 9"


def test_growth_is_the_decoders_wherever_it_is_said():
    [plain, grown, both] = candidates(
        [dict(mode="target", grow=1)], [{}, dict(grow=3), dict(min_area=9, grow=0)]
    )
    assert plain.decoder == dict(mode="target", grow=1) and not plain.shapes
    assert grown.decoder == dict(mode="target", grow=3) and not grown.shapes
    assert both.decoder == dict(mode="target", grow=0)
    assert both.shapes == dict(min_area=9)
    assert str(grown) == "target, grow 3" and str(both) == "target, min_area 9"
