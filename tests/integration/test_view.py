"""``mmext view`` as a user runs it."""

import signal
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar

import pytest

from ..viewing.builders import write_map, write_review
from .commands import ROOT, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_ended(tmp_path, number):
    folder = write_map(tmp_path / "map")
    write_review(folder / "review.gpkg")
    command = [sys.executable, "-m", "mmext", "view", folder]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background has been told to ignore it, and so would its child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        said = process.stdout.readline()
        assert said == f"{folder}: 1 sheets, and the review {folder / 'review.gpkg'}\n"
        address = process.stdout.readline().split()[-1]
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        )
        assert b"view.js" in opener.open(address).read()
        assert list(tmp_path.glob("mmext-view-*"))
        process.send_signal(number)
        said, complaint = process.communicate(timeout=60)
        assert (said, complaint, process.returncode) == ("ended\n", "", 0)
    assert not list(tmp_path.glob("mmext-view-*"))


def test_refusals(tmp_path):
    result = run(sys.executable, "-m", "mmext", "view", tmp_path, ok=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {tmp_path}: has no map (NAME_class.tif)")
    folder = write_map(tmp_path / "map")
    no_review = folder / "sheet.gpkg"
    result = run(
        *(sys.executable, "-m", "mmext", "view", folder, "--review", no_review),
        ok=False,
    )
    assert "expected a review's layer 'candidates'" in result.stderr
