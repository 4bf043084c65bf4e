"""The tutorial's notebook runs, and its page is the page of this notebook."""

import importlib.util
import os
import re

import pytest

from .commands import ROOT, programs
from .warm_start import SHORTENED

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbconvert")
pytest.importorskip("ipykernel")

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def tutorial():
    """The module docs/tutorial.py."""
    spec = importlib.util.spec_from_file_location("tutorial", DOCS / "tutorial.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notebook(tutorial):
    return nbformat.read(tutorial.NOTEBOOK, as_version=4)


PICTURE = re.compile(r"!\[(.*)\]\((images/tutorial_.*)\)")


def told(page):
    """The lines of a page that its cells neither wrote nor drew."""
    kept, code = [], False
    for line in page.splitlines():
        code ^= line.startswith("```")
        if line and (code or not (line.startswith("    ") or PICTURE.match(line))):
            kept.append(line)
    return kept


def test_the_page_is_of_the_notebook(tutorial, notebook):
    page = tutorial.PAGE.read_text(encoding="utf-8")
    assert told(page) == told(tutorial.page_of(notebook)[0]), "run make tutorial"
    shown = PICTURE.findall(page)
    drawn = [cell.metadata.alt for cell in notebook.cells if "alt" in cell.metadata]
    assert [text for text, _ in shown] == drawn
    pictures = {DOCS / name for _, name in shown}
    assert pictures == {*(DOCS / "images").glob("tutorial_*")}
    assert sum(picture.stat().st_size for picture in pictures) < 500_000
    assert not re.search(r"/(tmp|home|root|work)/", page)


@pytest.mark.slow
def test_every_cell_runs(tutorial, notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    monkeypatch.setenv(SHORTENED, "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for cell in notebook.cells:
        # As commands' own words are renumbered when a training is shortened.
        cell.source = cell.source.replace("error_bank_epoch_16", "error_bank_epoch_4")
    tutorial.execute(notebook, tmp_path)
    page, pictures = tutorial.page_of(notebook)
    assert [name for _, name in PICTURE.findall(page)] == [*pictures]
    assert "union: IoU 0." in page
