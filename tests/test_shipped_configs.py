"""``mmext::NAME`` finds what comes with mmext, and nothing else."""

from pathlib import Path

import pytest
import yaml

from mmext import shipped_configs
from mmext.shipped_configs import find_shipped, with_shipped_names

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs"


@pytest.mark.parametrize("name", ["stage1_trunk.py", "depth/demo/all.py", "demo", ""])
def test_files_and_folders(name):
    assert find_shipped(f"mmext::{name}") == CONFIGS / name
    assert find_shipped(Path(f"mmext::{name}")) == CONFIGS / name


def test_the_model_index_lists_every_config():
    index = yaml.safe_load((ROOT / "model-index.yml").read_text(encoding="utf-8"))
    listed = []
    for name in index["Import"]:
        metafile = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        collections = {each["Name"]: each for each in metafile["Collections"]}
        assert all((ROOT / each["README"]).is_file() for each in collections.values())
        for model in metafile["Models"]:
            assert model["In Collection"] in collections
            assert model["Config"] == f"configs/{model['Name']}.py"
            listed.append(model["Config"])
    # No models of their own.
    parts = {"_base_", "pretraining", "studies", "study"}
    shipped = [
        path.relative_to(ROOT)
        for path in (ROOT / "configs").rglob("*.py")
        if not parts & set(path.parts)
    ]
    assert sorted(listed) == sorted(map(str, shipped))


@pytest.mark.parametrize(
    "name, expected",
    [
        ("stage2_B100-25.py", "did you mean mmext::stage2_B100-250.py"),
        ("demo/stage1_trunk", "did you mean mmext::demo/stage1_trunk.py"),
        ("qqqq", "such as mmext::stage1_trunk.py"),
        ("../setup.py", "a config of mmext"),
        ("demo/../stage1_trunk.py", "a config of mmext"),
        (str(Path(__file__).resolve()), "a config of mmext"),
    ],
)
def test_what_is_not_there(name, expected):
    with pytest.raises(ValueError, match=expected):
        find_shipped(f"mmext::{name}")


def test_those_in_the_package_come_first(tmp_path, monkeypatch):
    for folder in ("mmext/.mim/configs", "configs"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").touch()
    module = tmp_path / "mmext" / "shipped_configs.py"
    monkeypatch.setattr(shipped_configs, "__file__", str(module))
    assert find_shipped("mmext::a.py") == tmp_path / "mmext/.mim/configs/a.py"


def test_a_package_without_configs_says_so(tmp_path, monkeypatch):
    module = tmp_path / "mmext" / "shipped_configs.py"
    monkeypatch.setattr(shipped_configs, "__file__", str(module))
    with pytest.raises(ValueError, match=f"{tmp_path / 'configs'} is missing"):
        find_shipped("mmext::stage1_trunk.py")


def test_messages_call_what_is_shipped_by_its_name(tmp_path):
    path = find_shipped("mmext::demo/stage1_trunk.py")
    text = "run 'mmext train {} --work-dir w' first"
    named = with_shipped_names(text.format(path))
    assert named == text.format("mmext::demo/stage1_trunk.py")
    own = text.format(tmp_path / "own.py")
    assert with_shipped_names(own) == own
