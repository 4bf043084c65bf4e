"""What docs/architecture.md says of the code is so."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import mmext
from mmext import datasets, models, structures
from mmext.models import backbones, decode_heads, decoders, segmentors

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text()


def resolve(name):
    """What a dotted name of the package stands for."""
    module, attributes = name, []
    while True:
        try:
            found = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, attribute = module.rpartition(".")
            attributes.insert(0, attribute)
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


def test_names_exist():
    names = set(re.findall(r"(?<!\.)mmext(?:\.\w+)+", TEXT))
    assert len(names) > 30
    for name in names:
        resolve(name)


def test_every_room_is_in_the_table():
    table = TEXT.split("## Layers")[1].split("## The tile store")[0]
    rooms = {f"mmext.{module.name}" for module in pkgutil.iter_modules(mmext.__path__)}
    rooms -= {"mmext.__main__"}
    assert {name for name in re.findall(r"mmext\.\w+", table) if name in rooms} == rooms


def test_signatures_are_the_codes():
    places = datasets, models, structures, backbones, decode_heads, decoders, segmentors
    number = 0
    for name, text in re.findall(r"`(\w+)\((\w[^`]*)\)`", TEXT):
        owners = [place for place in places if hasattr(place, name)]
        if not owners:
            continue
        written = ast.parse(f"def f({' '.join(text.split())}): ...").body[0].args
        function = getattr(owners[0], name)
        found = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        assert [argument.arg for argument in written.args] == [p.name for p in found]
        defaults = [p.default for p in found if p.default is not p.empty]
        assert [ast.literal_eval(value) for value in written.defaults] == defaults, name
        number += 1
    assert number >= 7
