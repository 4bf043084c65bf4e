"""How much room the machine has."""

import os
from pathlib import Path

# Where a container reads how much of the machine's memory it may take: cgroup 2, 1.
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def total_memory() -> int:
    """Bytes of memory, free or not: the machine's, or the container's share of it."""
    stated = [path.read_text().strip() for path in _LIMITS if path.is_file()]
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(int(text) for text in stated if text.isdigit())])


def nearest_folder(path: Path) -> Path:
    """A path, or the first folder above it that is there: on whose disk it will lie."""
    while not path.exists():
        path = path.parent
    return path
