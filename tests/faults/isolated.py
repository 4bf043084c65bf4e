"""Running something that may crash, hang or eat memory, in a process of its own."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

#: Children come from a clean process, not from this one: GDAL and torch keep threads
#: for later, and a process forked from one that has such threads waits for them for
#: ever. What they need is imported there once.
_CLEAN = multiprocessing.get_context("forkserver")
_CLEAN.set_forkserver_preload(["tests.faults.readers", "mmext.cli.app"])


def isolated(
    run: Callable[[Any], str | None],
    cases: Iterable[Any],
    extra_bytes: int = 2 << 30,
    seconds: int = 20,
) -> Iterator[tuple[Any, str]]:
    """Try cases in a process of their own and yield what went wrong.

    Args:
        run: Gets a case; gives None if all is well, otherwise what is wrong. A
            function or object of a module, so that another process can have it.
        cases: The cases, each tried once. After one that kills the process the next
            process goes on.
        extra_bytes: Address space that a case may take beyond what there is.
        seconds: A case that takes longer hangs.

    Yields:
        The case and what is wrong.
    """
    todo = list(cases)
    while todo:
        receiver, sender = _CLEAN.Pipe(duplex=False)
        child = _CLEAN.Process(target=_work, args=(run, todo, sender, extra_bytes))
        child.start()
        sender.close()
        done, late = 0, False
        while done < len(todo):
            if not receiver.poll(seconds):
                late = True
                os.kill(child.pid, signal.SIGKILL)
                break
            try:
                wrong = receiver.recv()
            except EOFError:
                break
            if wrong is not None:
                yield todo[done], wrong
            done += 1
        child.join()
        if done == len(todo):
            return
        reason = f"took over {seconds} s" if late else f"ended with {child.exitcode}"
        yield todo[done], f"the process {reason}"
        todo = todo[done + 1 :]


def in_own_process(run: Callable[[], Any], seconds: float = 120) -> None:
    """Do something in a process of its own.

    Raises:
        AssertionError: It failed.
    """
    child = _CLEAN.Process(target=run)
    child.start()
    child.join(seconds)
    late = child.exitcode is None
    child.kill()
    child.join()
    assert not late, f"took over {seconds} s"
    assert child.exitcode == 0


def _work(run: Callable[[Any], str | None], cases: list, sender, extra: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    taken = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + extra, taken + extra))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for case in cases:
        sender.send(run(case))
    sender.close()
    os._exit(0)
