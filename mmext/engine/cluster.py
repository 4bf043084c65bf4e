"""Tasks run by the processes of a dask cluster, here or anywhere."""

import contextlib
import importlib.util
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mmext
from mmext.errors import UserError, one_line

if TYPE_CHECKING:
    from distributed import Client, as_completed

#: How often a task is begun before it counts as failed: a disk or a network may be away
#: for a moment, and a worker may die of something else.
_ATTEMPTS = 3
#: Workers that may die while they run a task before the task is blamed for it.
_DEATHS = 5
#: Tasks that the scheduler knows of at once, so that neither it nor this process grows
#: with their number.
_WAITING = 1000
#: Seconds in which a cluster has no worker before it is said, or given up.
_ALONE = 60.0
#: Seconds between two looks for results, and for workers.
_LOOK, _COUNT = 0.02, 1.0


@contextlib.contextmanager
def open_cluster(address: str, local_workers: int) -> Iterator["Client"]:
    """Join a cluster, or make one of processes on this machine for the block.

    Args:
        address: ``local``, ``local:N`` for N processes, a scheduler's address
            (``tcp://host:8786``) or its file (``scheduler.json``).
        local_workers: How many processes ``local`` is.

    Raises:
        UserError: distributed isn't installed, or nobody answers there.
    """
    if not importlib.util.find_spec("distributed"):
        raise UserError(
            "--cluster: needs distributed, expected pip install 'mmext[cluster]'"
        )
    import dask
    from distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        match = re.fullmatch(r"local(?::([1-9]\d*))?", address)
        if match:
            stack.enter_context(
                dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS})
            )
            cluster = LocalCluster(
                n_workers=int(match[1] or local_workers),
                threads_per_worker=1,
                dashboard_address=None,
            )
            where: dict[str, Any] = {"address": stack.enter_context(cluster)}
        elif address.endswith(".json"):
            if not Path(address).is_file():
                raise UserError(f"--cluster: {address}: no such file")
            where = {"scheduler_file": address}
        elif re.match(r"\w+://", address):
            where = {"address": address}
        else:
            raise UserError(
                f"--cluster: is {address!r}, expected local, local:N, tcp://HOST:PORT "
                "or a scheduler's .json file"
            )
        try:
            client = stack.enter_context(Client(**where))
        except (OSError, ValueError) as error:
            raise UserError(
                f"--cluster: no scheduler answers at {address} ({one_line(error)})"
            ) from None
        number = len(client.ncores())
        print(f"--cluster {address}: {number} workers so far")
        yield client


def run_tasks(
    client: "Client",
    function: Callable[..., Any],
    items: Iterable[Any],
    *common: Any,
) -> Iterator[tuple[Any, Any]]:
    """Run a function of each item on workers; what it gave, or raised, as tasks end.

    A task that raises, or whose worker dies, is begun again, up to a few times.

    Args:
        client: From :func:`open_cluster`.
        function: Of a module that workers can import.
        items: Its first argument in each task, by which the task is named.
        common: Its other arguments.

    Yields:
        An item and its result; of one that failed in the end the exception, a
        :class:`UserError` where its workers died.

    Raises:
        UserError: The cluster has gone, or it is one of this machine and all of its
            processes have.
    """
    from distributed import CancelledError, KilledWorker, as_completed

    rest = iter(items)
    item_of: dict[Any, Any] = {}

    def begin(item: Any) -> Any:
        # Not pure: one that is begun twice is two tasks.
        future = client.submit(
            _plainly,
            mmext.__version__,
            function,
            item,
            *common,
            retries=_ATTEMPTS - 1,
            pure=False,
        )
        item_of[future] = item
        return future

    running = as_completed([begin(item) for item in itertools.islice(rest, _WAITING)])
    while not running.is_empty():
        _wait_for_one(running, client)
        future = next(running)
        item = item_of.pop(future)
        result: Any
        try:
            result = future.result()
        except KilledWorker as error:
            deaths = error.allowed_failures + 1
            result = UserError(f"{item}: {deaths} workers died while they ran it")
        except CancelledError as error:
            raise UserError(f"--cluster: has gone ({one_line(error)})") from None
        except Exception as error:
            result = error
        yield item, result
        for following in itertools.islice(rest, 1):
            running.add(begin(following))


def _wait_for_one(running: "as_completed", client: "Client") -> None:
    """Wait until a task has ended, but not for ever for workers that don't come.

    Workers of a cluster elsewhere may come when its queue lets them; those that
    distributed has failed to begin anew on this machine never do.
    """
    alone_since, next_count, said = None, 0.0, False
    while not running.has_ready():
        time.sleep(_LOOK)
        now = time.monotonic()
        if now < next_count:
            continue
        next_count = now + _COUNT
        # While a scheduler is away nobody knows; the client gives up on it by itself.
        with contextlib.suppress(OSError):
            alone_since = (alone_since or now) if not client.ncores() else None
        if alone_since is None or now - alone_since < _ALONE:
            continue
        if client.cluster is not None:
            raise UserError(
                "--cluster local: all of its processes have died and none came back; "
                "the same call goes on with what is left"
            )
        if not said:
            print(f"no worker for {_ALONE:.0f} s; waiting for the cluster to have some")
            said = True


def _plainly(version: str, function: Callable[..., Any], *arguments: Any) -> Any:
    from distributed import get_worker

    if version != mmext.__version__:
        raise UserError(
            f"{get_worker().address}: has mmext {mmext.__version__}, expected {version}"
        )
    try:
        return function(*arguments)
    except UserError as error:
        refusal = type(error)(str(error))
    # Outside: what it came from may be a library's exception, which doesn't travel.
    raise refusal
