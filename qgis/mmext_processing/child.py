"""Running a program: its lines and progress as they come, its end when asked."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .failure import Failure
from .progress import Lines, Progress, read_line

#: Seconds between looks whether the user has cancelled.
_LOOK = 0.1
#: Seconds that a program has to put its things away before it is killed.
_PATIENCE = 30.0
_ERROR = "error: "


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    say: Callable[[str], None],
    show: Callable[[Progress], None],
    is_cancelled: Callable[[], bool],
    patience: float = _PATIENCE,
) -> bool:
    """Run a program until it ends or is cancelled.

    Cancelled, it is asked to end with all that it started, waited for, and killed if
    it doesn't.

    Args:
        arguments: The program and what it takes.
        environment: Its environment, the whole of it.
        say: Gets each line that it prints, but for its error.
        show: Gets each step of its bars.
        is_cancelled: Whether it shall end.
        patience: Seconds that it has to end by itself.

    Returns:
        Whether it has done its work; False where it was cancelled.

    Raises:
        Failure: It can't be started, or ended with an error: its own line.
    """
    try:
        process = subprocess.Popen(
            list(arguments),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            **_apart(),
        )
    except OSError as error:
        raise Failure(f"{arguments[0]}: can't be started ({error.strerror})") from None
    try:
        last = _follow(process, say, show, is_cancelled)
        if last is None:
            return False
        status = process.wait()
    finally:
        _end(process, patience)
    if status:
        raise Failure(_why(last, status))
    return True


def _follow(
    process: subprocess.Popen[bytes],
    say: Callable[[str], None],
    show: Callable[[Progress], None],
    is_cancelled: Callable[[], bool],
) -> str | None:
    """Pass on what is printed; the error or last line, None where it was cancelled."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    error = last = ""
    while not is_cancelled():
        try:
            line = lines.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if line is None:
            return error or last
        progress, rest = read_line(line)
        if progress:
            show(progress)
        if rest.startswith(_ERROR):
            error = rest
        elif rest:
            last = rest
            say(rest)
    return None


def _read(process: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
    # A pipe can't be waited for on every system; a thread can read it.
    assert process.stdout
    found = Lines()
    with process.stdout as printed:
        while data := printed.read(1 << 16):
            for line in found.add(data):
                lines.put(line)
    for line in found.add(b"", final=True):
        lines.put(line)
    lines.put(None)


def _why(last: str, status: int) -> str:
    if last.startswith(_ERROR):
        return last[len(_ERROR) :]
    if status < 0:
        return f"mmext was ended by signal {-status} ({signal.strsignal(-status)})"
    return f"mmext ended with status {status}{f': {last}' if last else ''}"


def _apart() -> dict[str, Any]:
    """What makes it the first of a group that can be ended as one."""
    if sys.platform == "win32":
        # And without a window of its own.
        return {
            "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.CREATE_NO_WINDOW
        }
    return {"start_new_session": True}


def _end(process: subprocess.Popen[bytes], patience: float) -> None:
    """See that it has ended, with all that it started."""
    if process.poll() is None:
        _ask(process)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()


def _ask(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        # A program without a window can't be asked, only killed.
        _kill(process)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
