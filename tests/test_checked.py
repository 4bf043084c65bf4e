"""One line for every value that doesn't fit, whoever declared it."""

import math
from collections.abc import Sequence
from typing import Literal

import pytest
from pydantic import ValidationError
from typing_extensions import TypedDict

from mmext.checked import (
    BelowOne,
    Count,
    Index,
    NotNegative,
    Positive,
    PositiveShare,
    Share,
    checked,
    parse_json,
    read_json,
    settings,
)
from mmext.errors import UserError


@settings
class Cut:
    """An example."""

    tile_size: Count = 256
    size: tuple[Count, Count] | None = None


class TrainIou(TypedDict):
    """Another."""

    train_iou: Share


@pytest.mark.parametrize(
    ("kind", "value", "line"),
    [
        (Count, 0, "k: is 0, expected at least 1"),
        (Count, "3", "k: is '3', expected a whole number"),
        (Count, True, "k: is True, expected a whole number"),
        (Count, 2.5, "k: is 2.5, expected a whole number"),
        (Share, math.nan, "k: is nan, expected a finite number"),
        (Share, 1.5, "k: is 1.5, expected at most 1"),
        (Positive, 0.0, "k: is 0.0, expected more than 0"),
        (PositiveShare, 0, "k: is 0, expected more than 0"),
        (PositiveShare, 1.1, "k: is 1.1, expected at most 1"),
        (BelowOne, 1, "k: is 1, expected less than 1"),
        (BelowOne, -0.1, "k: is -0.1, expected at least 0"),
        (NotNegative, -1.0, "k: is -1.0, expected at least 0"),
        (Index | TrainIou, "soon", "k: is 'soon', expected a whole number or a table"),
        (
            Index | TrainIou,
            {"train_iou": 2.0},
            "k.train_iou: is 2.0, expected at most 1",
        ),
        (Index | TrainIou, {}, "k.train_iou: missing"),
        (Literal["a", "b"], "c", "k: is 'c', expected one of a, b"),
        (Sequence[int], [1, "a"], "k[1]: is 'a', expected a whole number"),
        (dict, [], "k: is [], expected a table"),
    ],
)
def test_a_refusal_says_where_what_and_what_instead(kind, value, line):
    with pytest.raises(UserError) as caught:
        checked(kind, value, "k")
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("kind", "value"),
    [(float, 3), (Sequence[int], (1, 2)), (Index | TrainIou, {"train_iou": 0.9})],
)
def test_what_fits_comes_back_equal(kind, value):
    assert checked(kind, value, "k") == value


def test_settings_take_numbers_as_text_and_refuse_the_rest():
    assert Cut(tile_size="3").tile_size == 3  # type: ignore[arg-type]
    for wrong in ({"tile_size": 0}, {"tile_size": "x"}, {"size": (3, 0)}, {"tile": 3}):
        with pytest.raises(ValidationError):
            Cut(**wrong)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", "f.json: damaged, not JSON"),
        ("[" * 100_000, "f.json: damaged, not JSON"),
        ("[]", "f.json: is [], expected a table"),
        ('{"tile_size": "3"}', "f.json.tile_size: is '3', expected a whole number"),
        ('{"tile_size": 3, "size": [3, 0]}', "f.json.size[1]: is 0, expected at least"),
    ],
)
def test_json_is_read_as_what_it_must_hold(text, line):
    with pytest.raises(UserError) as caught:
        parse_json(text, Cut, "f.json")
    assert str(caught.value).startswith(line)


def test_a_list_in_json_may_stand_for_a_tuple(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text('{"size": [3, 4]}')
    assert read_json(path, Cut) == Cut(size=(3, 4))


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_is_missing_or_no_text(tmp_path, content):
    path = tmp_path / "cut.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"cut\.json: "):
        read_json(path, Cut)
