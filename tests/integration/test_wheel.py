"""The wheel holds all that mmext needs outside the repository, and no more."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .commands import ROOT

pytestmark = pytest.mark.slow


def files(folder, pattern="**/*.py"):
    return {path.relative_to(ROOT) for path in (ROOT / folder).glob(pattern)}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel as pip would install it, without a network."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("wheel")
    # Built from a copy: a build leaves its folders beside setup.py.
    tracked = ["mmext", "configs", "tools", "setup.py", "pyproject.toml", "MANIFEST.in"]
    copy = folder / "source"
    for path in [*tracked, "README.md", "LICENSE", "model-index.yml"]:
        for file in [ROOT / path, *(ROOT / path).rglob("*")]:
            if file.is_file() and "__pycache__" not in file.parts:
                target = copy / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    # What an earlier build left is not taken for part of this one.
    stale = copy / "build" / "lib" / "mmext" / "renamed_since.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--no-index", "--wheel-dir", folder, copy),
        ],
        check=True,
    )
    [wheel] = folder.glob("mmext-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_what_the_wheel_holds(unpacked):
    found = {path.relative_to(unpacked) for path in unpacked.rglob("*")}
    found = {path for path in found if (unpacked / path).is_file()}
    [about] = {path.parts[0] for path in found} - {"mmext"}
    shipped = {
        Path("mmext", ".mim", path)
        for path in files("configs")
        | files("tools")
        | files("configs", "**/metafile.yml")
        | {Path("model-index.yml")}
    }
    package = {path for path in files("mmext", "**/*") if (ROOT / path).is_file()}
    package = {path for path in package if "__pycache__" not in path.parts}
    assert Path("mmext/py.typed") in package
    assert {path for path in found if path.parts[0] == "mmext"} == shipped | package
    assert Path(about, "licenses", "LICENSE") in found
    assert (
        "mmext = mmext.cli.app:main"
        in (unpacked / about / "entry_points.txt").read_text()
    )


def test_its_configs_are_found_from_anywhere(unpacked, tmp_path):
    (tmp_path / "own.py").write_text("_base_ = 'mmext::demo/stage1_trunk.py'\n")
    script = (
        "from pathlib import Path\n"
        "from mmext.engine.build_config import load_config\n"
        "from mmext.shipped_configs import find_shipped\n"
        "print(find_shipped('mmext::demo/stage1_trunk.py'))\n"
        "print(load_config(Path('own.py')).model.backbone.base_channels)\n"
    )
    lines = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    shipped = unpacked / "mmext" / ".mim" / "configs" / "demo" / "stage1_trunk.py"
    assert lines[-2] == str(shipped)
    own = (ROOT / "configs/demo/_base_/size.py").read_text()
    assert lines[-1] == re.search(r"base_channels=(\d+)", own)[1]


def test_its_command_answers(unpacked, tmp_path):
    refusal = subprocess.run(
        [sys.executable, "-m", "mmext", "train", "mmext::demo/stage1_trunk.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refusal.returncode == 2
    assert "error: data/demo/train: not a tile store" in refusal.stderr
