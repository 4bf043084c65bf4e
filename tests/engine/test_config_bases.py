"""Configs of one's own that inherit from those that come with mmext."""

import re
from pathlib import Path

import pytest

from mmext.engine.build_config import default_work_dir, load_config
from mmext.engine.config_bases import find_beside
from mmext.engine.lineage import find_parents
from mmext.engine.lineage_options import own_options
from mmext.errors import UserError
from mmext.shipped_configs import find_shipped

from .conftest import CONFIGS


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    "name",
    ["stage1_trunk.py", "demo/stage2_A100-200.py", "depth/demo/all.py"],
)
def test_it_is_the_same_as_the_shipped_one(write, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    own = load_config(write("own.py", f"_base_ = 'mmext::{name}'\n"))
    assert own.to_dict() == load_config(CONFIGS / name).to_dict()


def test_its_own_values_win_through_bases_of_bases(write):
    write("first.py", "_base_ = ['mmext::demo/stage1_trunk.py']\nepoch_scale = 0.02\n")
    own = write(
        "parts/own.py",
        "_base_ = '../first.py'\nmodel = dict("
        "decode_head=dict(loss=dict(type='SoftIoULoss')))\n",
    )
    config = load_config(own)
    assert config.train_cfg.max_epochs == 4  # 200 epochs of the paper
    assert config.model.decode_head.loss.type == "SoftIoULoss"
    assert config.model.backbone.base_channels == 12
    assert "_scope_" not in str(config.to_dict())
    assert default_work_dir(own) == Path("work_dirs/own")
    assert default_work_dir(find_shipped("mmext::demo/stage1_trunk.py")) == Path(
        "work_dirs/demo/stage1_trunk"
    )


@pytest.mark.parametrize(
    "base, expected",
    [
        ("mmext::stage1_trnk.py", "did you mean mmext::stage1_trunk.py"),
        ("mmext::demo", "a folder, expected a config in it"),
        ("mmext::", "a folder, expected a config in it"),
        ("mmext::../configs/stage1_trunk.py", "expected a config of mmext"),
    ],
)
def test_bases_that_mmext_has_not(write, base, expected):
    write("first.py", f"_base_ = {base!r}\n")
    with pytest.raises(UserError, match=rf"first\.py: _base_: is .*{expected}"):
        load_config(write("own.py", "_base_ = './first.py'\n"))


def test_parents_lie_beside_it_or_beside_its_base(write):
    own = write("own.py", "_base_ = 'mmext::demo/stage2_B100-250.py'\n")
    config = load_config(own)

    def found():
        [parent] = find_parents(config, own, Path("w/own"))
        return parent

    assert found().config_path == CONFIGS / "demo" / "stage1_B.py"
    assert found().work_dir == Path("w/stage1_B")
    # B's parent lies beside B.
    assert find_beside(found().config_path, "stage1_trunk") == (
        CONFIGS / "demo" / "stage1_trunk.py"
    )
    # Options for hooks that only parents have go there.
    hook = "default_hooks.error_accumulation.counts"
    assert own_options(own, {hook: True, "epoch_scale": 1}, say=False) == {
        "epoch_scale": 1
    }
    beside = write("stage1_B.py", "_base_ = 'mmext::demo/stage1_B.py'\n")
    assert found().config_path == beside


def test_parts_of_configs_have_no_parents(write):
    own = write(
        "own.py",
        "_base_ = ['mmext::_base_/stage2.py',\n"
        "          'mmext::_base_/cases/stage2_B100-250.py']\n",
    )
    # There is a cases/stage1_B.py, which is no whole config.
    assert find_beside(own, "stage1_B") == own.with_name("stage1_B.py")
    with pytest.raises(UserError, match="'stage1_B', but there is no"):
        find_parents(load_config(own), own, Path("w/own"))


def test_a_circle_of_bases_has_no_parents(write):
    write("a.py", "_base_ = './b.py'\n")
    own = write("b.py", "_base_ = './a.py'\n")
    assert find_beside(own, "trunk") == own.with_name("trunk.py")


@pytest.mark.parametrize("page", ["README.md", "docs/configs.md"])
def test_documented_configs_are_right(write, page):
    blocks = re.findall(
        r"```python\n(.*?)```", (CONFIGS.parent / page).read_text(), re.S
    )
    configs = [block for block in blocks if "_base_ = " in block]
    assert configs
    for text in configs:
        load_config(write("documented.py", text))
