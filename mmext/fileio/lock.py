"""One process at a time in a folder."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import SoftFileLock, Timeout

from mmext.errors import UserError

LOCK_NAME = ".mmext.lock"


@contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Keep a folder to this process while the block runs.

    The lock is a file in the folder that names process and host, so it holds between
    machines that share a disk. One whose process has gone, as after a kill, is taken
    over, and that is said. Folders made for the lock are removed if nothing was
    written into them.

    Args:
        folder: The folder; made if it isn't there.

    Raises:
        UserError: Another process has it, which is named.
    """
    folder = Path(folder)
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    left = _holder(path)
    lock = SoftFileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"{folder}: in use by {_describe(path)}; wait for it, or, if it no longer "
            f"runs, remove {path}"
        ) from None
    if left:
        print(f"{folder}: {left} left it without an end, taken over", file=sys.stderr)
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):  # it is in use now
            for each in made:
                each.rmdir()


def _holder(path: Path) -> str:
    """Process and host that a lock names; empty if there is none."""
    try:
        process, host = path.read_text(encoding="utf-8").split("\n")[:2]
    except (OSError, ValueError):
        return ""
    if not process.isdigit():
        return ""
    return f"process {process} on {host.split('?')[0]}"


def _describe(path: Path) -> str:
    """What a lock says of its holder, with its command if it runs here."""
    holder = _holder(path) or "an unknown process"
    with contextlib.suppress(OSError):
        began = time.localtime(path.stat().st_mtime)
        holder += time.strftime(" since %Y-%m-%d %H:%M", began)
    with contextlib.suppress(OSError, IndexError):
        process = Path("/proc", holder.split()[1], "cmdline").read_bytes()
        words = process.decode(errors="replace").replace("\0", " ").split()
        if f" on {os.uname().nodename}" in holder and any(words):
            holder += f" ({' '.join(words)[:160]})"
    return holder
