"""Tasks run by processes of this machine, which may die."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from types import FrameType
from typing import Any, NoReturn

from tqdm import tqdm

from mmext.errors import UserError

#: Processes that may die while they run a task before the task is blamed for it.
_DEATHS = 3
#: Anew, not forked: threads of torch and GDAL don't survive a fork.
_ANEW = multiprocessing.get_context("spawn")


@dataclass
class _Task:
    item: Any
    deaths: int = 0


@dataclass
class _Worker:
    """A process, the line to it, and the task that it runs, if any."""

    process: BaseProcess
    line: Connection
    task: _Task | None = None


class LocalProcesses:
    """Processes that run tasks; :func:`open_processes` makes and ends them.

    Args:
        number: How many, once there are as many tasks.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._workers: list[_Worker] = []

    def run(
        self, function: Callable[..., Any], items: Iterable[Any], *common: Any
    ) -> Iterator[tuple[Any, Any]]:
        """Run a function of each item; what it gave, or raised, as tasks end.

        A task whose process dies is begun again in another, up to a few times.

        Args:
            function: Of a module; arguments and results are pickled.
            items: Its first argument in each task, by which the task is named.
            common: Its other arguments.

        Yields:
            An item and its result; of one that failed the exception, a
            :class:`UserError` where its processes died.
        """
        again: list[_Task] = []
        rest = map(_Task, items)

        def give(worker: _Worker) -> None:
            worker.task = again.pop() if again else next(rest, None)
            if worker.task is not None:
                # One that has died meanwhile is found dead when it is waited for.
                with contextlib.suppress(OSError):
                    worker.line.send((function, worker.task.item, common))

        for index in range(self._number):
            if index == len(self._workers):
                self._workers.append(_begin())
            give(self._workers[index])
            if self._workers[index].task is None:
                break
        while busy := [worker for worker in self._workers if worker.task]:
            ready = wait([worker.line for worker in busy])
            for worker in busy:
                if worker.line not in ready:
                    continue
                task = worker.task
                assert task is not None
                try:
                    result, origin = worker.line.recv()
                except (EOFError, OSError):
                    self._replace(worker)
                    task.deaths += 1
                    if task.deaths < _DEATHS:
                        again.append(task)
                    else:
                        died = f"{_DEATHS} processes died while they ran it"
                        yield task.item, UserError(f"{task.item}: {died}")
                else:
                    if origin:
                        # For the log: a traceback doesn't travel either.
                        result.__cause__ = RuntimeError(origin)
                    yield task.item, result
                give(worker)

    def _replace(self, worker: _Worker) -> None:
        """Begin a process in the place of one that has died."""
        worker.line.close()
        worker.process.join()
        begun = _begin()
        worker.process, worker.line = begun.process, begun.line

    def end(self) -> None:
        """End all: at once those that run a task, the others by themselves."""
        for worker in self._workers:
            if worker.task is not None:
                worker.process.kill()
            worker.line.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()


@contextlib.contextmanager
def open_processes(number: int) -> Iterator[LocalProcesses]:
    """Processes that end with the block, with this process, on Ctrl-C and SIGTERM.

    Args:
        number: How many.
    """
    processes = LocalProcesses(number)
    with _ended_by_sigterm():
        try:
            yield processes
        finally:
            processes.end()


def _begin() -> _Worker:
    here, there = _ANEW.Pipe()
    process = _ANEW.Process(target=_work, args=(there,), daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _work(line: Connection) -> None:
    """Run what comes along the line, until it is closed."""
    # Ctrl-C reaches all processes of a terminal; the one that asked ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Its own would be shared by processes, and missed by whoever counts what is left
    # when this one is killed.
    tqdm.set_lock(threading.RLock())
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            function, item, common = line.recv()
            result: Any
            origin = ""
            try:
                result = function(item, *common)
            except UserError as error:
                # What it came from may be a library's exception, which doesn't travel.
                result = type(error)(str(error))
            except Exception as error:
                result, origin = _that_travels(error), traceback.format_exc()
            line.send((result, origin))


def _that_travels(error: Exception) -> Exception:
    """An exception, or what it says where another process can't make it."""
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:  # whatever its own __reduce__ and __init__ raise
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """End by an exception on SIGTERM, so that what was begun is ended, too."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
