"""How a program of ours ends when it can't go on: with one line."""

import errno
import functools
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from mmext.checked import refusal
from mmext.errors import DISK_FULL, UserError, one_line
from mmext.hiding import without_secrets
from mmext.shipped_configs import with_shipped_names

#: Whoever is asked for a file or a number of the machine's may refuse; these are
#: libraries whose exceptions speak of the user's data, not of our code.
_BOUNDARY = (
    "rasterio",
    "pyogrio",
    "fiona",
    "pyproj",
    "shapely",
    "geopandas",
    "onnx",
    "onnxruntime",
    "openvino",
    "cv2",
    "PIL",
    "pydantic",
    "pydantic_core",
    "zipfile",
    "json",
    "torch",
)


def exit_with_one_line(main: Callable[..., None]) -> Callable[..., None]:
    """Make ``main`` end a failure with one line on stderr and an exit status.

    A :class:`UserError`, and what a library or the operating system says of the
    user's files and machine, exits with 2. Anything else is a defect of ours and
    exits with 1. Whenever the line can't say all, it names a file with the
    traceback.
    """

    @functools.wraps(main)
    def wrapped(*args: object, **kwargs: object) -> None:
        try:
            main(*args, **kwargs)
        except UserError as error:
            line = " ".join(str(error).split())
            if error.__cause__ is not None:
                line += f" (traceback in {keep_traceback()})"
            _end(line, 2)
        except KeyboardInterrupt:
            _end("interrupted", 130)
        except BrokenPipeError:
            # Whoever read the output has gone, as `| head` does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        except Exception as error:
            line, status = explain(error)
            _end(f"{line} (traceback in {keep_traceback()})", status)

    return wrapped


def interrupt_when_terminated() -> None:
    """Let SIGTERM end the program as Ctrl-C does: it clears up what is unfinished."""
    # Whoever ends it from outside sends no SIGINT, or it was told to ignore that.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def explain(error: Exception) -> tuple[str, int]:
    """What an exception that nobody expected says on one line, and the exit status."""
    if isinstance(error, OSError) and error.errno is not None:
        place = error.filename or "input or output"
        reason = os.strerror(error.errno)
        if error.errno == errno.ENOSPC:
            reason = DISK_FULL
        return f"{place}: {reason}", 2
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return f"not enough memory: {one_line(error)}", 2
    if isinstance(error, ValidationError):
        return refusal(error, error.title, None), 2
    owner = type(error).__module__.split(".")[0]
    if owner in _BOUNDARY:
        return f"{type(error).__name__} from {owner}: {one_line(error)}", 2
    return f"unexpected {type(error).__name__}: {one_line(error)}", 1


def keep_traceback() -> Path:
    """Write what is known of the exception that is being handled to a log file."""
    name = f"mmext-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    path = Path(tempfile.gettempdir(), name)
    path.write_text(without_secrets(traceback.format_exc()), encoding="utf-8")
    return path


def _end(line: str, status: int) -> None:
    line = without_secrets(with_shipped_names(line))
    print(f"error: {line}", file=sys.stderr)
    sys.exit(status)
