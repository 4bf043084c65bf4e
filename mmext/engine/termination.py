"""Ending a training on SIGTERM where it can be gone on with exactly."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

#: What shells and schedulers call a process that SIGTERM ended.
STATUS = 128 + signal.SIGTERM


class Terminated(SystemExit):
    """All processes of a run ended together, after an epoch, because of SIGTERM."""

    def __init__(self) -> None:
        super().__init__(STATUS)


class Termination:
    """Whether this process has been asked to end.

    Attributes:
        asked: Whether SIGTERM came.
        at_once: Whether it came twice.
    """

    def __init__(self) -> None:
        self.asked = False
        self.at_once = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal: the first is noted, the second ends at once."""
        if self.asked:
            self.at_once = True
            end_now()
        self.asked = True
        print(
            "SIGTERM: ends after this epoch, with a checkpoint; a second one ends at "
            "once",
            file=sys.stderr,
            flush=True,
        )


def end_now() -> NoReturn:
    """End this process between two checkpoints."""
    print(
        "ended by SIGTERM; --resume goes on from the last checkpoint", file=sys.stderr
    )
    sys.exit(STATUS)


@contextmanager
def termination_noted() -> Iterator[Termination]:
    """Note SIGTERM instead of dying of it while the block runs.

    Raises:
        SystemExit: It came twice, whatever the block made of that.
    """
    termination = Termination()
    if threading.current_thread() is not threading.main_thread():
        yield termination  # signals are the main thread's
        return
    before = signal.signal(signal.SIGTERM, termination)
    try:
        yield termination
    except Exception:
        # A bare `except` of a library (mmengine formats configs under one) may have
        # taken the exit for a failure of its own.
        if termination.at_once:
            sys.exit(STATUS)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
