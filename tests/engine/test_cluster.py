"""Tasks on two processes of this machine."""

import os
import threading
import time
from pathlib import Path

import pytest

from mmext.engine.cluster import open_cluster, run_tasks
from mmext.errors import UserError
from mmext.raster.writing import CantWriteError

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow


class CantTravelError(Exception):
    """As those of rasterio: another process can't make it anew."""

    def __init__(self, one, other):
        super().__init__(one)


def square(number, folder):
    """Fails as its number says: once, always, or with its process."""
    begun = Path(folder, str(number))
    begun.write_text(begun.read_text() + "." if begun.exists() else ".")
    if number == 3 and len(begun.read_text()) < 2:
        raise OSError("away for a moment")
    if number == 5:
        try:
            raise CantTravelError(1, 2)
        except CantTravelError:
            raise CantWriteError("5: damaged") from None
    if number == 7 and len(begun.read_text()) < 3:
        os._exit(1)
    return number * number


@pytest.fixture
def client():
    # A new one for each test: distributed doesn't begin a worker anew that died before
    # it was seen to have begun.
    with open_cluster("local:2", 1) as client:
        yield client


def test_every_task_ends_once(client, tmp_path, monkeypatch):
    monkeypatch.setattr("mmext.engine.cluster._WAITING", 4)
    ended = list(run_tasks(client, square, range(12), tmp_path))
    results = dict(ended)
    assert len(ended) == len(results) == 12
    failed = results.pop(5)
    assert type(failed) is CantWriteError and str(failed) == "5: damaged"
    assert results == {n: n * n for n in range(12) if n != 5}
    # What raises is begun three times; once more where a result died with its worker.
    begun = [len((tmp_path / str(n)).read_text()) for n in (3, 5, 7)]
    assert all(n >= least for n, least in zip(begun, (2, 3, 3), strict=True))


def test_workers_that_never_come_are_not_waited_for(client, monkeypatch):
    monkeypatch.setattr("mmext.engine.cluster._ALONE", 0.5)
    client.cluster.scale(0)
    while client.ncores():
        time.sleep(0.05)
    with pytest.raises(UserError, match="all of its processes have died"):
        list(run_tasks(client, str, [1]))


def test_workers_that_come_late_are_waited_for(client, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("mmext.engine.cluster._ALONE", 0.2)
    client.cluster.scale(0)
    with open_cluster(client.scheduler.address, 1) as other:
        threading.Timer(3, client.cluster.scale, [1]).start()
        assert list(run_tasks(other, str, [1])) == [(1, "1")]
    assert capsys.readouterr().out.count("no worker for") == 1


def die(number):
    os._exit(number)


def test_a_task_that_kills_its_workers_is_blamed(client):
    [(item, failed)] = run_tasks(client, die, [1])
    assert item == 1 and isinstance(failed, UserError)
    assert str(failed) == "1: 6 workers died while they ran it"


@pytest.mark.parametrize(
    "address, words",
    [
        ("here", "expected local, local:N, tcp://HOST:PORT or"),
        ("local:0", "expected local, local:N"),
        ("none.json", "none.json: no such file"),
        ("nonsense://x:1", "no scheduler answers at nonsense://x:1"),
    ],
)
def test_what_is_no_cluster_is_refused(address, words):
    with pytest.raises(UserError, match=words), open_cluster(address, 1):
        pass


def test_a_scheduler_is_joined_by_its_file(client, tmp_path):
    file = tmp_path / "scheduler.json"
    client.write_scheduler_file(file)
    for address in (str(file), client.scheduler.address):
        with open_cluster(address, 1) as other:
            assert list(run_tasks(other, str, [1, 2])) in (
                [(1, "1"), (2, "2")],
                [(2, "2"), (1, "1")],
            )


def test_without_distributed_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with (
        pytest.raises(UserError, match=r"pip install 'mmext\[cluster\]'"),
        open_cluster("local", 1),
    ):
        pass
