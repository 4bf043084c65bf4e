"""The same task for each of many items: here, in processes, or on a cluster."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from tqdm import tqdm

from mmext.errors import UserError
from mmext.raster.writing import CantWriteError

from .cluster import open_cluster, run_tasks
from .local_processes import open_processes


class Run(Protocol):
    """Runs a function of each item; see :meth:`.LocalProcesses.run`."""

    def __call__(
        self, function: Callable[..., Any], items: Iterable[Any], *common: Any
    ) -> Iterator[tuple[Any, Any]]:
        """Yield items and their results, or exceptions, as tasks end."""


@contextlib.contextmanager
def task_runner(jobs: int, cluster: str | None) -> Iterator[Run]:
    """What runs tasks during the block.

    Args:
        jobs: Processes here; 1 is this one.
        cluster: Workers of a cluster instead, see
            :func:`~mmext.engine.cluster.open_cluster`.

    Raises:
        UserError: There is no such cluster.
    """
    if cluster is not None:
        with open_cluster(cluster, len(os.sched_getaffinity(0))) as client:
            yield functools.partial(run_tasks, client)
    elif jobs > 1:
        with open_processes(jobs) as processes:
            yield processes.run
    else:
        yield _run_here


def _run_here(
    function: Callable[..., Any], items: Iterable[Any], *common: Any
) -> Iterator[tuple[Any, Any]]:
    for item in items:
        result: Any
        try:
            result = function(item, *common)
        except UserError as error:
            result = error
        yield item, result


def successes(
    tasks: Iterable[tuple[Any, Any]],
    failures: list[str],
    total: int,
    unit: str,
    name: str,
) -> Iterator[tuple[Any, Any]]:
    """Tasks that succeeded, as they end; the others are said and counted.

    A disk that can't be written to ends all of them, since it fails the next ones, too.

    Args:
        tasks: Items and their results, as of :class:`Run`.
        failures: Gets a line for each item that failed.
        total: How many items there are.
        unit: What an item is called.
        name: What the progress is of.

    Yields:
        An item and its result.

    Raises:
        UserError: A disk can't be written to.
    """
    with tqdm(total=total, unit=unit, desc=name) as progress:
        for item, result in tasks:
            if isinstance(result, CantWriteError):
                raise result
            if isinstance(result, UserError):
                failures.append(str(result))
                progress.set_postfix(failed=len(failures))
                progress.write(f"failed: {result}")
            elif isinstance(result, Exception):
                raise result
            else:
                yield item, result
            progress.update()
