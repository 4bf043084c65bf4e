"""What QGIS asks for is what the commands take."""

import types
from typing import Literal, Union, get_args, get_origin

import annotated_types
import pytest
from mmext_processing.commands import APPLY, PREDICT, REVIEW, command_line

from mmext.errors import UserError

from ..cli.commands import command, parse

#: What of a command QGIS doesn't ask for, and why.
LEFT_OUT = {
    "predict": {
        "--shard": "one layer is one sheet",
        "--merge": "one layer is one sheet",
        "--cluster": "one layer is one sheet",
        "--objects": "of several sheets",
        "--asset": "a STAC item is no layer",
    },
    "review": {
        "--planted": "compares rankings for studies",
        "--apply": "the other algorithm",
        "--force": "of --apply",
        "--overwrite": "of --apply",
    },
    "apply": {
        "SNAPSHOT": "of the ranking",
        "CHECKPOINT": "of the ranking",
        "--store": "of the ranking",
        "--tolerance": "of the ranking",
        "--planted": "of the ranking",
        "--device": "of the ranking",
    },
}
ALL = [PREDICT, REVIEW, APPLY]
each = pytest.mark.parametrize("asked", ALL, ids=lambda asked: asked.key)


def taken(asked):
    """What the command line takes, by name."""
    found = command((asked.called,)).assemble_argument_collection(parse_docstring=True)
    return {item.name: item for item in found if item.show and not item.children}


@each
def test_nothing_is_forgotten(asked):
    names = {option.name for option in asked.options}
    assert names == {*taken(asked)} - {*LEFT_OUT[asked.key]}
    assert {*LEFT_OUT[asked.key]} <= {*taken(asked)}


@each
def test_texts_and_defaults_are_the_commands_own(asked):
    for option in asked.options:
        argument = taken(asked)[option.name]
        if option.name != "IMAGES":  # one layer instead of many files
            assert option.help == " ".join(argument.parameter.help.split())
        default = argument.field_info.default
        assert option.default == (None if argument.required else default), option.name
        assert option.required >= argument.required, option.name


@each
def test_kinds_and_choices_are_the_commands_own(asked):
    kinds = {"whole": int, "number": float, "flag": bool, "text": str}
    for option in asked.options:
        kind = plain(taken(asked)[option.name].hint)
        if option.kind == "choice":
            assert get_origin(kind) is Literal and get_args(kind) == option.choices
        elif option.kind in kinds:
            assert kind is kinds[option.kind], option.name


def plain(hint):
    """A hint without None."""
    if get_origin(hint) in (Union, types.UnionType):
        [hint] = (part for part in get_args(hint) if part is not type(None))
    return hint


@each
def test_ranges_are_the_commands_own(asked):
    for option in asked.options:
        if option.kind not in ("whole", "number"):
            continue
        limits = [None, None]
        for found in constraints(taken(asked)[option.name].field_info.annotation):
            if isinstance(found, annotated_types.Ge):
                limits[0] = found.ge
            elif isinstance(found, annotated_types.Le):
                limits[1] = found.le
        assert [option.least, option.most] == limits, option.name


def constraints(hint):
    """What pydantic compares a value of a hint with."""
    for part in getattr(hint, "__metadata__", ()):
        yield from getattr(part, "metadata", ())
    for part in get_args(hint):
        yield from constraints(part)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Files and folders that the commands look for."""
    monkeypatch.chdir(tmp_path)
    for name in ("c.pth", "b.npz", "s.tif", "l.gpkg", "r.gpkg"):
        (tmp_path / name).touch()
    return tmp_path


def test_the_command_reads_what_was_asked(places):
    values = {
        "checkpoint": "c.pth",
        "images": "s.tif",
        "out": "map",
        "min_area": 2.5,
        "where": "-max_prob < -0.5 or source = 'a b'",
        "tta": True,
        "fill_holes": False,
        "overlap": 0,
        "device": "",
        "backend": "auto",
    }
    found = parse(command_line(PREDICT, values))
    assert str(found["checkpoint"]) == "c.pth" and found["images"] == ["s.tif"]
    assert str(found["out"]) == "map" and found["backend"] == "auto"
    assert found["device"] is None
    settings = found["settings"]
    assert (settings.min_area, settings.overlap) == (2.5, 0)
    assert settings.where == values["where"]
    assert settings.flips and not settings.fill_holes


@each
def test_defaults_say_nothing_new(asked, places):
    needed = {
        "checkpoint": "c.pth",
        "images": "s.tif",
        "snapshot": "b.npz",
        "store": ".",
        "apply": "r.gpkg",
        "labels": "l.gpkg",
        "out": "o.gpkg",
    }
    given = {o.key: needed[o.key] for o in asked.options if o.required}
    defaults = {o.key: o.default for o in asked.options if not o.required}
    said = command_line(asked, {**given, **defaults})
    assert parse(said) == parse(command_line(asked, given))


def test_what_qgis_requires_the_command_does_too(places):
    """The command line has both uses of ``review`` in one, and tells them apart."""
    from mmext.cli.app import run

    given = {"snapshot": "b.npz", "checkpoint": "c.pth", "store": ".", "out": "o.gpkg"}
    for missing in ("checkpoint", "store"):
        line = command_line(REVIEW, {**given, missing: None})
        with pytest.raises(UserError, match="missing, expected SNAPSHOT"):
            run(line)
    with pytest.raises(UserError, match="--labels: missing, expected --apply"):
        run(command_line(APPLY, {"apply": "r.gpkg", "out": "o.gpkg"}))
