import os
import signal
import subprocess
import sys
import time

import pytest

from mmext.errors import UserError
from mmext.fileio import locked
from mmext.fileio.lock import LOCK_NAME

HOLD = (
    "import sys, time\n"
    "from mmext.fileio import locked\n"
    "with locked(sys.argv[1]):\n"
    "    print('in', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that has the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"in\n"
    yield process
    process.kill()
    process.wait()


def test_another_process_has_it(holder, tmp_path):
    with pytest.raises(UserError) as caught, locked(tmp_path):
        pass
    text = str(caught.value)
    assert (
        f"{tmp_path}: in use by process {holder.pid} on {os.uname().nodename}" in text
    )
    assert "from mmext.fileio import locked" in text  # its command
    assert f"remove {tmp_path / LOCK_NAME}" in text and "\n" not in text
    assert (tmp_path / LOCK_NAME).exists()


def test_a_killed_process_lock_is_taken_over_and_said(holder, tmp_path, capsys):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        assert f"process {holder.pid}" in capsys.readouterr().err
    assert not (tmp_path / LOCK_NAME).exists()


def test_a_process_number_used_again_is_not_the_holder(tmp_path, capsys):
    with locked(tmp_path):
        lines = (tmp_path / LOCK_NAME).read_text().splitlines()
    if len(lines) < 3:
        pytest.skip("this filelock doesn't note when a process began")
    lines[2] = str(int(lines[2]) - 1)  # ours, but of an earlier life
    (tmp_path / LOCK_NAME).write_text("\n".join(lines) + "\n")
    with locked(tmp_path):
        assert "taken over" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["77\nelsewhere\n", "", "nonsense\n", "\0" * 9])
def test_what_nobody_can_judge_is_refused(text, tmp_path):
    (tmp_path / LOCK_NAME).write_text(text)
    with (
        pytest.raises(UserError, match=f"remove {tmp_path / LOCK_NAME}"),
        locked(tmp_path),
    ):
        pass


def test_it_ends_with_the_block_whatever_happens(tmp_path):
    folder = tmp_path / "a" / "b"
    with pytest.raises(KeyError), locked(folder):
        raise KeyError
    assert not any(tmp_path.iterdir())  # made for the lock, nothing in them
    with locked(folder):
        (folder / "file").touch()
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_one_of_many_gets_it(tmp_path):
    """Three processes at once, over a lock that a dead one left."""
    dead = subprocess.run([sys.executable, "-c", HOLD.replace("60", "0"), tmp_path])
    assert dead.returncode == 0
    (tmp_path / LOCK_NAME).write_text(f"{2**22 + 1}\n{os.uname().nodename}\n")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]
    deadline = time.time() + 30
    while sum(p.poll() is not None for p in processes) < 2 and time.time() < deadline:
        time.sleep(0.05)
    alive = [p for p in processes if p.poll() is None]
    assert len(alive) == 1
    alive[0].kill()
    alive[0].wait()
