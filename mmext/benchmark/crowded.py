"""Training while other processes want the same cores."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mmengine.registry import DefaultScope

from mmext.datasets.tile_store import TileStore

from .measure import Comparison
from .setting import Size, cut, trained_runner

# An epoch of some seconds, by all cores.
_SIZE = Size(16, 128, 16)


def crowded(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """An epoch beside a busy process for each core, against one alone.

    Two that share fairly take twice as long each.
    """
    store = cut(scene, folder / "tiles", _SIZE.tile)
    context = multiprocessing.get_context("spawn")
    alone, beside = [], []
    for run in range(repeats):
        # A process of its own each: OpenMP reads its settings when torch is loaded.
        with context.Pool(1) as pool:
            alone.append(pool.apply(_epoch, (store.path, folder / f"alone_{run}")))
            rivals = [context.Process(target=_spin) for _ in range(_cores())]
            for rival in rivals:
                rival.start()
            try:
                work_dir = folder / f"beside_{run}"
                beside.append(pool.apply(_epoch, (store.path, work_dir)))
            finally:
                for rival in rivals:
                    rival.kill()
    yield Comparison(
        f"training, {_SIZE}, beside a busy process for each of {_cores()} cores",
        "alone",
        beside,
        alone,
        clock="wall",
        goal=1 / 2.5,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _epoch(store: Path, work_dir: Path) -> float:
    with DefaultScope.overwrite_default_scope("mmext"):
        runner = trained_runner(TileStore(store), _SIZE, work_dir)
        started = time.perf_counter()
        runner.train_loop.run_epoch()
        return time.perf_counter() - started


def _spin() -> None:
    while True:
        pass
