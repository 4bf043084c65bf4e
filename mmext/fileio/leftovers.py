"""What processes that were killed while they wrote left behind."""

import contextlib
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(
    r"\.(?P<stem>.+)\.(?P<kind>tmp|old)-(?P<host>.+)-(?P<process>\d+)"
    r"(?P<suffix>\.[^.]*)?"
)


def hidden_name(final: Path, kind: str) -> str:
    """The name under which this process writes a path, or keeps what was there.

    Args:
        final: The path.
        kind: ``'tmp'``, which keeps the suffix, or ``'old'``.
    """
    return f".{final.stem}.{kind}-{_host()}-{os.getpid()}{final.suffix}"


@dataclass(frozen=True)
class Leftover:
    """A temporary file or folder that a process made.

    Attributes:
        path: Where it is.
        final: What it was to become, or what it was.
        kind: ``'tmp'`` or ``'old'``.
        host: The machine, and its space of process numbers.
        process: The process's number there.
    """

    path: Path
    final: Path
    kind: str
    host: str
    process: int

    @property
    def may_live(self) -> bool:
        """Whether its process may still run; of another machine nobody knows."""
        if self.host != _host():
            return True
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True
        return True


def leftovers(folder: Path) -> Iterator[Leftover]:
    """The temporary files and folders in a folder, of live and dead processes."""
    for path in sorted(folder.glob(".*")):
        match = _NAME.fullmatch(path.name)
        if match:
            final = path.with_name(match["stem"] + (match["suffix"] or ""))
            yield Leftover(
                path, final, match["kind"], match["host"], int(match["process"])
            )


def sweep(folder: Path) -> None:
    """Remove what dead processes left in a folder, and put back what they took away.

    What can't be removed, as in a folder of someone else's, stays.

    Args:
        folder: Any folder.
    """
    removed = 0
    for item in leftovers(folder):
        if item.may_live:
            continue
        with contextlib.suppress(OSError):
            if item.kind == "old" and not item.final.exists():
                item.path.replace(item.final)
                _say(f"{item.final}: put back, a process died while it replaced it")
            else:
                remove(item.path)
                removed += 1
    if removed:
        _say(f"{folder}: removed {removed} temporary files of processes that died")


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _host() -> str:
    # Containers may share a machine's name and not its process numbers.
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname().split('.')[0]}-{namespace}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)
