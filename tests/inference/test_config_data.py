"""Configs read as data say what mmengine's own reader says, and run nothing."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmext.errors import UserError
from mmext.inference.config_data import parse_config, plain_config, read_resolved_config
from tests.engine.conftest import CONFIGS


@pytest.mark.parametrize(
    "name", ["stage2_A100-200.py", "demo/stage1_A.py", "depth/all_resnet50.py"]
)
def test_shipped_configs_read_as_mmengine_reads_them(name):
    config = Config.fromfile(CONFIGS / name)
    text = config.pretty_text
    found = parse_config(text, "here")
    # The independent reader, which executes.
    expected = Config.fromstring(text, ".py").to_dict()
    assert found.to_dict() == expected
    assert plain_config(config) == expected


def test_values_of_every_kind():
    text = "a = -1.5\nb = (1, [2, None], dict(c='x', d={'e.f': True}))\ng = 1e-8\n"
    assert parse_config(text, "here").to_dict() == {
        "a": -1.5,
        "b": (1, [2, None], {"c": "x", "d": {"e.f": True}}),
        "g": 1e-8,
    }


@pytest.mark.parametrize(
    "text",
    [
        "import pathlib\npathlib.Path({marker!r}).touch()",
        "a = __import__('pathlib').Path({marker!r}).touch()",
        "a = dict(b=open({marker!r}, 'w'))",
        "a = dict(**open({marker!r}, 'w'))",
        "a = dict([open({marker!r}, 'w')])",
        "a = [open({marker!r}, 'w') for _ in (1,)]",
        "a = f'{{open({marker!r}, chr(119))}}'",
        "a: open({marker!r}, 'w') = 1",
        "a = b = 1",
        "a.b = 1",
        "open({marker!r}, 'w')",
        "def f(a=open({marker!r}, 'w')): ...",
        "a = (lambda: 1)()",
        "a = " + "(" * 5000,
        "a = " + "-" * 50000 + "1",
        "a =",
        "a = 1\0",
    ],
)
def test_code_is_refused_and_not_run(text, tmp_path):
    marker = tmp_path / "ran"
    with pytest.raises(UserError, match="no list of plain values") as caught:
        parse_config(text.replace("{marker!r}", repr(str(marker))), "x.py")
    assert not marker.exists()
    assert "\n" not in str(caught.value)


def test_a_config_that_is_too_long_is_refused():
    with pytest.raises(UserError, match="expected a config"):
        parse_config("a = 1\n" * 1_000_000, "x.py")


def test_plain_values_only():
    config = Config(dict(a=np.float64(0.5), b=Path("x"), c=dict(d=(np.int64, 1))))
    plain = plain_config(config)
    assert plain == {"a": 0.5, "b": "x", "c": {"d": ("numpy.int64", 1)}}
    assert type(plain["a"]) is float
    with pytest.raises(UserError, match=r"a\[0\].b: is a set"):
        plain_config(Config(dict(a=[dict(b={1})])))


def test_files_that_are_no_text(tmp_path):
    with pytest.raises(UserError, match="a training leaves it there"):
        read_resolved_config(tmp_path / "none.py")
    (tmp_path / "x.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"x.py: can't be read"):
        read_resolved_config(tmp_path / "x.py")
