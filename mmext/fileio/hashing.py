"""Which file it is, by its content."""

import hashlib
from pathlib import Path


def sha256_of(*paths: Path) -> str:
    """SHA-256 of files' contents, one after another: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
