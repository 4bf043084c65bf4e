"""The one exception that a user's mistake raises, and how tools show it."""

import functools
import sys
from collections.abc import Callable


class UserError(Exception):
    """A mistake in the user's files, config or command line.

    The message is one line that names the file or key, what was found and what
    was expected. Tools print it without a traceback; see
    :func:`exit_on_user_error`.
    """


def exit_on_user_error(main: Callable[..., None]) -> Callable[..., None]:
    """Make ``main`` print a :class:`UserError` as one line and exit with 2.

    Any other exception is a defect of ours and keeps its traceback.
    """

    @functools.wraps(main)
    def wrapped(*args: object, **kwargs: object) -> None:
        try:
            main(*args, **kwargs)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(2)

    return wrapped
