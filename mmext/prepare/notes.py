"""What a command says of many files, one line for all that it says the same of."""

from collections.abc import Iterator
from pathlib import Path


class Notes:
    """Remarks on files; equal ones are put together."""

    def __init__(self) -> None:
        self._files: dict[str, list[Path]] = {}

    def add(self, path: Path, remark: str) -> None:
        """Remember a remark on a file."""
        self._files.setdefault(remark, []).append(path)

    def lines(self) -> Iterator[str]:
        """The remarks in the order in which they came, each with its files."""
        for remark, paths in self._files.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"{paths[0]}{more}: {remark}"
