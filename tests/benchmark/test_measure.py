import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.benchmark.measure import Comparison, peak_megabytes, timed
from mmext.benchmark.reading import _bytes
from mmext.benchmark.run import PARTS, benchmark_all


def test_the_ratio_is_the_median_of_runs_that_ran_side_by_side():
    slower_machine_in_the_second_run = Comparison("a", "b", [1, 10, 2], [2, 30, 2])
    assert slower_machine_in_the_second_run.ratio == 2
    row = slower_machine_in_the_second_run.row()
    assert (row["ours"], row["theirs"], row["quartiles"]) == (2, 2, [1.5, 2.5])
    assert Comparison("a", "b", [6.0], [3.0], higher_is_better=True).ratio == 2


def test_runs_alternate_and_the_first_warms_up():
    order = []
    times = timed(2, lambda: order.append(1), lambda: order.append(2))
    assert order == [1, 2, 1, 2, 1, 2]
    assert [len(runs) for each in times for runs in each.values()] == [2] * 4


def test_processor_time_does_not_count_waiting():
    [waiting] = timed(1, lambda: time.sleep(0.05))
    assert waiting["processor"][0] < 0.02 < 0.05 <= waiting["wall"][0]


def test_a_peak_is_not_that_of_the_process_before():
    """A process's ``ru_maxrss`` begins at what its parent held when it was started."""
    held = np.ones(100_000_000)
    code = "from mmext.benchmark.measure import peak_megabytes as p; print(p())"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < held.nbytes / 2**20 < peak_megabytes()


def test_bytes_of_a_batch():
    sample = SegDataSample(
        gt_sem_seg=PixelData(data=torch.zeros(1, 4, 4, dtype=torch.int64))
    )
    batch = dict(inputs=[torch.zeros(3, 4, 4)], data_samples=[sample])
    assert _bytes(batch) == 3 * 16 * 4 + 16 * 8


def test_a_part_finds_our_components_after_one_that_ran_anothers(monkeypatch, tmp_path):
    scopes = []

    def anothers(*_):
        scopes.append(DefaultScope.get_current_instance().scope_name)
        DefaultScope.get_instance("stock", scope_name="mmseg")  # as its Runner does
        yield Comparison("a", "b", [1.0], [1.0])

    monkeypatch.setattr("mmext.benchmark.run.render", lambda folder: folder)
    monkeypatch.setitem(PARTS, "reading", anothers)
    monkeypatch.setitem(PARTS, "mapping", anothers)
    assert len(list(benchmark_all(1, ["reading", "mapping"]))) == 3
    assert scopes == ["mmext", "mmext"]


@pytest.mark.slow
# The other parts take minutes: make bench.
@pytest.mark.parametrize("part", ["reading", "mapping"])
def test_each_part_measures(part, tmp_path):
    lines = list(benchmark_all(1, [part], tmp_path / "figures.json"))
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert len(lines) == len(rows) + 1 > 1
    for row in rows:
        assert row["part"] == part
        assert row["ratio"] > 0
