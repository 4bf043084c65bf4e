"""A program's lines, progress, errors and end, as QGIS gets them."""

import os
import subprocess
import sys
import textwrap
import time

import pytest
from mmext_processing.child import run
from mmext_processing.failure import Failure

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and groups")


class Watching:
    """What a user sees, and when the button is pressed."""

    def __init__(self, until=None):
        self.lines, self.steps, self.until = [], [], until

    def start(self, script, **options):
        return run(
            [sys.executable, "-uc", textwrap.dedent(script)],
            os.environ,
            self.lines.append,
            self.steps.append,
            lambda: self.until is not None and self.until in self.lines,
            **options,
        )


def test_lines_and_bars_come_as_they_are_printed():
    watching = Watching()
    assert watching.start("""
        import sys
        from tqdm import tqdm
        print("one")
        for i in tqdm(range(4), desc="Work", mininterval=0, file=sys.stdout):
            pass
        print("two", file=sys.stderr)
    """)
    assert watching.lines == ["one", "two"]
    assert {step.step for step in watching.steps} == {"Work"}
    found = [step.percent for step in watching.steps]
    assert found == sorted(found) and {*found} == {0, 25, 50, 75, 100}


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("print('so far'); exit('error: --out: missing')", "--out: missing"),
        ("print('error: the file'); exit('later noise')", "the file"),
        ("exit('no word of error')", "mmext ended with status 1: no word of error"),
        ("exit(3)", "mmext ended with status 3"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "mmext was ended by signal 9 (Killed)",
        ),
    ],
)
def test_an_error_is_one_line(script, line):
    watching = Watching()
    with pytest.raises(Failure) as caught:
        watching.start(script)
    assert str(caught.value) == line
    assert not any("error: " in said for said in watching.lines)


def test_what_is_no_program():
    with pytest.raises(Failure, match="can't be started"):
        run(["/dev/null"], {}, print, print, lambda: False)


def alive(process):
    """Whether a process runs; one that has ended and isn't waited for doesn't."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return bool(found) and not found.startswith("Z")


GROUP = """
    import os, signal, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    def end(*_):
        print("tidied up")
        sys.exit(1)
    signal.signal(signal.SIGTERM, {handler})
    print(os.getpid(), child.pid)
    print("ready")
    for i in range(600):
        time.sleep(0.1)
"""


def test_cancelled_it_may_tidy_up_and_all_have_ended():
    watching = Watching("ready")
    assert not watching.start(GROUP.format(handler="end"))
    assert not any(alive(number) for number in watching.lines[0].split())


def test_who_does_not_end_is_killed():
    watching, start = Watching("ready"), time.monotonic()
    assert not watching.start(GROUP.format(handler="signal.SIG_IGN"), patience=0.5)
    assert time.monotonic() - start < 20
    assert not any(alive(number) for number in watching.lines[0].split())


def test_it_ends_when_nobody_listens_any_more():
    def fail(line):
        raise RuntimeError(line)

    with pytest.raises(RuntimeError) as caught:
        script = "import os, time; print(os.getpid()); time.sleep(60)"
        python = [sys.executable, "-uc", script]
        run(python, os.environ, fail, print, lambda: False)
    assert not alive(str(caught.value))


def test_the_group_is_its_own():
    watching = Watching()
    watching.start("import os; print(os.getpgid(0))")
    assert int(watching.lines[0]) != os.getpgid(0)


@pytest.mark.slow
def test_a_map_that_is_cancelled_leaves_nothing(job, tmp_path):
    out, steps = tmp_path / "map", []
    arguments = [job.program, "predict", job.checkpoint, job.image, "--window=120"]
    assert not run(
        [*map(str, arguments), f"--out={out}"],
        os.environ,
        print,
        steps.append,
        lambda: any(step.percent > 1 for step in steps),
    )
    assert steps[-1].percent < 90
    assert not out.exists()
