"""What a user should know of files."""

from collections.abc import Iterator

from mmext.location import Location


class Remarks:
    """Remarks on files; what is said of many is one line."""

    def __init__(self) -> None:
        self._files: dict[str, list[Location]] = {}

    def add(self, path: Location, remark: str) -> None:
        """Remember a remark on a file."""
        self._files.setdefault(remark, []).append(path)

    def lines(self) -> Iterator[str]:
        """The remarks in the order in which they came, each with its files."""
        for remark, paths in self._files.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"{paths[0]}{more}: {remark}"
