"""The manual as a site: mkdocs finds no broken link, anchor or docstring."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import mmext

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_manual_builds_without_a_warning(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    models = (tmp_path / "api" / "models" / "index.html").read_text(encoding="utf-8")
    assert "U-Net with three encoder and three decoder stages" in models


def test_every_room_that_one_imports_has_a_page():
    rooms = {module.name for module in pkgutil.iter_modules(mmext.__path__)}
    rooms = {name for name in rooms if (ROOT / "mmext" / name).is_dir()} - {"cli"}
    assert {page.stem for page in (ROOT / "docs" / "api").glob("*.md")} == rooms
