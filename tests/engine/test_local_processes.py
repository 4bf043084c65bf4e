"""Tasks in processes that fail, die and are told to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmext.engine.local_processes import open_processes
from mmext.errors import UserError

psutil = pytest.importorskip("psutil")


class Odd(Exception):
    """Can't be made of what it says, so that it doesn't travel."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def task(item, folder):
    """What becomes of an item, by its name."""
    name, _, value = item.partition(" ")
    if name == "refused":
        raise UserError(f"{item}: is no use")
    if name == "broken":
        raise OSError(28, "No space left on device", item)
    if name == "odd":
        raise Odd(item, "more")
    if name == "dies":
        (folder / f"{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "dies_once" and not (folder / "once").exists():
        (folder / "once").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "waits":
        (folder / f"pid_{os.getpid()}").touch()
        time.sleep(600)
    return int(value) ** 2 if value else os.getpid()


def test_each_item_has_its_result(tmp_path):
    items = [f"n {i}" for i in range(30)]
    items[3:3] = ["refused", "broken", "odd", "dies", "dies_once 7"]
    with open_processes(2) as processes:
        found = dict(processes.run(task, items, tmp_path))
        pids = {pid for _, pid in processes.run(task, ["a", "b", "c"], tmp_path)}
        # Neither more processes than there are tasks, nor others than before.
        assert len(pids) <= 2
        children = [psutil.Process(pid) for pid in pids]
        assert dict(processes.run(task, [], tmp_path)) == {}
    assert not any(child.is_running() for child in children)
    assert list(found) != items and set(found) == set(items)
    assert all(found[f"n {i}"] == i**2 for i in range(30))
    assert found["dies_once 7"] == 49
    assert isinstance(found["refused"], UserError)
    assert str(found["dies"]) == "dies: 3 processes died while they ran it"
    assert len(list(tmp_path.glob("[0-9]*"))) == 3
    # As here: of errno and file, with where it came from for the log.
    assert (found["broken"].errno, found["broken"].filename) == (28, "broken")
    assert "in task" in str(found["broken"].__cause__)
    assert str(found["odd"]) == "Odd: odd and more"


SCRIPT = """
from pathlib import Path
from mmext.engine.local_processes import open_processes
from mmext.ending import exit_with_one_line
from tests.engine.test_local_processes import task

@exit_with_one_line
def main():
    with open_processes(2) as processes:
        list(processes.run(task, ["waits"] * 3, Path({folder!r})))

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_began_them(tmp_path, number):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path)))
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's job in the background ignores Ctrl-C, and so would its child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while len(begun := [*tmp_path.glob("pid_*")]) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    children = [psutil.Process(int(path.name[4:])) for path in begun]
    if number == signal.SIGINT:
        # As of a terminal: to all of them.
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert process.returncode == {2: 130, 15: 143, 9: -9}[number], said
    assert said == ("error: interrupted\n" if number == signal.SIGINT else "")
