"""Exceptions and what they say."""

from collections.abc import Sequence

from mmext.hiding import without_secrets

#: What is said of a full disk, whoever finds it so.
DISK_FULL = "no space left on the disk"


class UserError(Exception):
    """A mistake in the user's files, config or command line.

    The message is one line that names the file or key, what was found and what
    was expected. Commands print it without a traceback, unless it was raised from
    another exception, which only a log can tell (:mod:`mmext.ending`). Line breaks in
    it, as a user's names and values may have, become spaces; signatures of addresses
    are left out.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_secrets(" ".join(message.splitlines())))


def one_line(error: BaseException) -> str:
    """What an exception says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def the_first_of(lines: Sequence[str], named: int = 20, between: str = "; ") -> str:
    """Some of what may be very many, and how many more there are.

    Args:
        lines: All of them.
        named: How many are told.
        between: What stands between two.
    """
    told, more = list(lines[:named]), len(lines) - named
    return between.join([*told, f"and {more} more"] if more > 0 else told)
