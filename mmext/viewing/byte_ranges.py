"""The part of a file that a request asks for."""

import re

#: HTTP's own order of bytes; several ranges at once are answered by the whole file.
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class UnsatisfiableError(ValueError):
    """A range that lies beyond the file."""


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of a ``Range`` header.

    Args:
        header: Its value, None where there is none.
        size: Bytes of the file.

    Returns:
        Both inside the file; None if the whole file is to be sent, which is also what
        RFC 9110 wants of a range that can't be read.

    Raises:
        UnsatisfiableError: No byte of it lies in the file.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise UnsatisfiableError
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableError
    return int(first), min(int(last or size - 1), size - 1)
