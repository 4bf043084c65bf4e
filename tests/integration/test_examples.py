"""Examples and how-tos do what they say, outside the repository."""

import re
import shutil
import subprocess
import tokenize

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import Point

from .commands import ROOT, at_once, environment

PONDS = ROOT / "examples" / "ponds"


def bash(script, folder):
    return subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environment(**at_once()),
        capture_output=True,
        text=True,
        check=False,
    )


def lines_of_code(path):
    """Lines that hold more than a comment or a docstring."""
    lines, only = set(), (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE)
    with tokenize.open(path) as file:
        before = tokenize.NEWLINE
        for token in tokenize.generate_tokens(file.readline):
            docstring = token.type == tokenize.STRING and before in (
                tokenize.NEWLINE,
                tokenize.INDENT,
            )
            if token.type not in only and token.string.strip() and not docstring:
                lines.add(token.start[0])
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type
    return len(lines)


@pytest.mark.slow
def test_ponds(tmp_path):
    example = tmp_path / "ponds"
    shutil.copytree(PONDS, example, ignore=shutil.ignore_patterns("__pycache__"))
    [script] = re.findall(
        r"```bash\n(.*?)```", (PONDS / "README.md").read_text(encoding="utf-8"), re.S
    )
    ended = bash(script.replace("PYTHONPATH=.", f"PYTHONPATH=.:{ROOT}"), example)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with rasterio.open(example / "map" / "test_class.tif") as file:
        assert file.shape == (384, 384)
    iou = float(re.search(r"union: IoU (0\.\d+), FN", ended.stdout)[1])
    assert iou > 0.5, ended.stdout

    # Its module isn't named: one line says what is missing.
    checkpoint = "work_dirs/stage2_A100-200/epoch_40.pth"
    refused = bash(
        f"export PYTHONPATH=.:{ROOT}; mmext predict {checkpoint} scenes/test.tif "
        "--out other",
        example,
    )
    assert refused.returncode == 2
    assert "MMEXT_IMPORTS" in refused.stderr.splitlines()[-1]
    assert not (example / "other").exists()


def test_it_is_short():
    assert lines_of_code(PONDS / "ponds.py") < 60


def test_points_as_labels(tmp_path):
    """The how-to's script and command, on a scene of points."""
    page = (ROOT / "docs" / "how_to.md").read_text(encoding="utf-8")
    section = page.split("## Use points as labels")[1].split("\n## ")[0]
    [script] = re.findall(r"```python\n(.*?)```", section, re.S)
    [commands] = re.findall(r"```bash\n(.*?)```", section, re.S)
    (tmp_path / "discs.py").write_text(script)
    grid = from_origin(5e5, 5e6, 0.5, 0.5)
    form = dict(driver="GTiff", count=3, dtype="uint8", width=64, height=64)
    with rasterio.open(
        tmp_path / "scene.tif", "w", crs=32633, transform=grid, **form
    ) as file:
        file.write(np.full((3, 64, 64), 90, np.uint8))
    middle = geopandas.GeoSeries([Point(5e5 + 16, 5e6 - 16)], crs=32633)
    middle.to_crs(4326).to_file(tmp_path / "points.gpkg")
    ended = bash(commands.replace("--out", "--tile-size 64 --out"), tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [mask] = np.load(tmp_path / "data" / "points" / "train" / "masks.npy")
    rows, columns = np.indices((64, 64))
    metres = np.hypot(columns - 31.5, rows - 31.5) / 2
    # A disc of shapely has 64 corners: half a per cent of its radius is open.
    assert (mask[metres < 1.98] == 1).all()
    assert (mask[(metres > 2) & (metres < 7.95)] == 255).all()
    assert (mask[metres > 8] == 0).all()
