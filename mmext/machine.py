"""How much room the machine has."""

import os
from pathlib import Path


def total_memory() -> int:
    """Bytes of the machine's memory, free or not."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def nearest_folder(path: Path) -> Path:
    """A path, or the first folder above it that is there: on whose disk it will lie."""
    while not path.exists():
        path = path.parent
    return path
