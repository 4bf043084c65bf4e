"""Every command that help, README or docs show is one that mmext takes."""

import inspect
import re
import subprocess
from pathlib import Path

import pytest
from cyclopts.exceptions import CycloptsError

from mmext.cli.refusals import explain
from mmext.cli.renamed import renew
from mmext.shipped_configs import shipped_folder

from .commands import EVERY, command, parse

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "datasets").glob("*.md")),
]

#: Programs that a shell would start, in place of which it writes down how: a line each,
#: its words apart.
_RECORDER = r"""
record() { printf '%s\x1f' "$@"; echo; }
mmext() { record "$@"; }
torchrun() { while [ "$1" != mmext ]; do shift; done; "$@"; }
dist_train() { record train "$1" "${@:3}"; }
dist_test() { record test "$1" "$2" "${@:4}"; }
slurm_train() { record train "${@:3}"; }
pip() { :; }
python() { :; }
awk() { :; }
make() { :; }
ls() { :; }
.() { :; }
"""


def shown_in(script):
    """The mmext commands that a shell script runs, each a list of words."""
    script = re.sub(r"tools/(\w+)\.sh", r"\1", script)
    ended = subprocess.run(
        ["bash", "-eu", "-c", _RECORDER + script],
        env={
            "MS2": "data/ms2",
            "DATA": "data/dead_trees_source",
            "HEAD": "node",
            "PATH": "/bin",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\x1f")[:-1] for line in ended.stdout.splitlines()]


def make_what_is_missing(line, folder):
    """Parse a command; the files that it is about lie in the reader's folder."""
    for _ in range(10):
        try:
            return parse(line)
        except CycloptsError as error:
            refusal = explain(error)
        found = re.search(r"is '(.+?)', expected an existing (file|folder)", refusal)
        assert found, f"{' '.join(line)}: {refusal}"
        assert "mmext::" not in found[1], refusal
        path = folder / found[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch() if found[2] == "file" else path.mkdir()
    raise AssertionError(line)


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    """A folder with nothing but the repository's configs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(shipped_folder())
    return tmp_path


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_examples_of_help(names, in_a_folder):
    text, _, _ = inspect.getdoc(command(names).default_command).partition("\nArgs:")
    shown = shown_in("\n".join(x for x in text.splitlines() if x.startswith("    ")))
    assert shown
    for line in shown:
        assert renew(line) == line
        make_what_is_missing(line, in_a_folder)
    assert any(line[: len(names)] == [*names] for line in shown)


def test_examples_of_pages(in_a_folder):
    number = 0
    for page in PAGES:
        for block in re.findall(
            r"```(?:bash|console)\n(.*?)```", page.read_text(), re.S
        ):
            for line in shown_in(block):
                assert renew(line) == line, page
                make_what_is_missing(line, in_a_folder)
                number += 1
    assert number > 40


def test_commands_in_sentences_exist():
    known = {" ".join(names) for names in EVERY} | {"depth"}
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        for found in re.finditer(
            r"`mmext ([a-z][\w-]*)(?: ([a-z][\w-]*))?", page.read_text()
        ):
            names = " ".join(filter(None, found.groups()))
            assert {names, found[1]} & known, (page.name, found[0])


def test_words_are_those_of_the_glossary():
    texts = {page.name: page.read_text() for page in PAGES}
    texts |= {
        " ".join(names): inspect.getdoc(command(names).default_command)
        for names in EVERY
    }
    other = r"\b(false[ _]alarms?|hits?|misses)\b"
    for name, text in texts.items():
        assert not re.search(other, text, re.I), name


def links(page):
    """What lies beside a page and it links to: path and anchor of each."""
    text = re.sub(r"`[^`]*`", "", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def test_links_lead_somewhere():
    for page in [*PAGES, ROOT / "docs" / "results" / "README.md"]:
        for path, anchor in links(page):
            assert path.exists(), (page.name, path)
            if anchor:
                titles = re.findall(r"^#+ (.+)$", path.read_text().lower(), re.M)
                slugs = {re.sub(r"[^\w -]", "", x).replace(" ", "-") for x in titles}
                assert anchor in slugs, (page.name, path, anchor)


def test_every_page_is_linked_from_another():
    linked = {path for page in PAGES for path, _ in links(page) if path != page}
    assert {page for page in PAGES if page.name != "README.md"} <= linked
