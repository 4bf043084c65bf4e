"""Every file and option that makes no config is refused in one line."""

import pytest

from mmext.engine.build_config import load_config
from mmext.errors import UserError

from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"


def refusal(*arguments):
    with pytest.raises(UserError) as caught:
        load_config(*arguments)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("c.py", b"raise ValueError('no\\nway')", "ValueError: no way"),
        ("c.py", b"import sys; sys.exit(3)", "SystemExit: 3"),
        ("c.py", b"a = 1\nmodel = dict(\n", "line 2: '(' was never closed"),
        ("c.py", b"\0\xff\x12", "not a valid config"),
        ("c.py", b"a = 1 / 0", "ZeroDivisionError"),
        ("c.txt", b"hello", "not a valid config"),
        ("c.json", b"{", "not a valid config"),
        ("c.yaml", b"a: [", "not a valid config"),
        ("c.py", b"_base_ = './absent.py'", "absent.py"),
        ("c.py", b"_base_ = './c.py'", "_base_ files include each other"),
        ("c.py", b"_base_ = 5", "_base_: is 5, expected text or a list"),
        ("c.py", b"_base_ = ['./c.py', 5]", "_base_[1]: is 5, expected text"),
        ("c.py", b"", "has no model, no train_dataloader, no train_cfg"),
    ],
)
def test_files_that_are_no_config(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    line = refusal(path)
    assert expected in line
    assert name in line


def test_bases_that_go_in_a_circle(tmp_path):
    for here, there in (("a", "b"), ("b", "a")):
        (tmp_path / f"{here}.py").write_text(f"_base_ = './{there}.py'\n")
    assert "include each other" in refusal(tmp_path / "a.py")


def test_a_folder_and_nothing(tmp_path):
    assert "a folder" in refusal(tmp_path)
    assert "no such config" in refusal(tmp_path / "absent.py")


@pytest.mark.parametrize(
    "key, value, expected",
    [
        ("train_dataloader.batch_size.foo", 3, "48 at train_dataloader.batch_size"),
        ("load_from.foo", 3, "None at load_from"),
        (
            "train_dataloader.dataset.pipeline.5.type",
            "x",
            "2 values in train_dataloader.dataset.pipeline, counted from 0",
        ),
        ("train_dataloader.dataset.pipeline.x", 3, "2 values in"),
        ("nothing.at.all", 3, "the config has no 'nothing'"),
    ],
)
def test_options_that_have_no_place(key, value, expected):
    line = refusal(TRUNK, {"model.backbone.base_channels": 8, key: value})
    assert line.startswith(f"--cfg-options {key}: ")
    assert expected in line


def test_an_option_may_replace_what_another_deletes():
    options = {
        "model.decode_head.loss._delete_": True,
        "model.decode_head.loss.type": "SoftIoULoss",
    }
    assert load_config(TRUNK, options).model.decode_head.loss.type == "SoftIoULoss"


def test_names_of_a_files_own_are_no_settings(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(
        f"_base_ = {str(TRUNK)!r}\n_narrow = dict(base_channels=8)\n"
        "model = dict(backbone=_narrow)\n"
    )
    config = load_config(path)
    assert config.model.backbone.base_channels == 8
    assert not [name for name in config if name.startswith("_")]


def test_options_may_add_what_a_runner_takes_besides():
    schedule = dict(type="CosineAnnealingLR", T_max=700)
    options = {"param_scheduler": [schedule], "epoch_scale": 0.1}
    config = load_config(TRUNK, options)
    assert config.param_scheduler[0].T_max == 70  # scaled as a config's own
    line = refusal(TRUNK, {"param_scheduler": [dict(type="Cosine")]})
    assert "Cosine" in line and "param_scheduler" in line
