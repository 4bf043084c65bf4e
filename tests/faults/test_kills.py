"""A training that is killed again and again ends as one that never was."""

import json
import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from mmext.engine.train import train
from mmext.inference.checkpoint import read_checkpoint
from mmext.structures import load_bank

from .readers import training_options

ROOT = Path(__file__).resolve().parents[2]
STAGE2 = ROOT / "configs" / "stage2_A100-200.py"
_FORK = multiprocessing.get_context("fork")


@pytest.fixture
def options(tmp_path, make_store):
    """Four epochs of stage 1, of which two accumulate, and eight of stage 2."""
    store = make_store(tmp_path / "store", tiles=8, positive=4)
    return {
        **training_options(store),
        "epoch_scale": 0.02,
        "default_hooks.checkpoint.max_keep_ckpts": -1,
    }


def what_came_out(folder: Path) -> dict[str, object]:
    """Weights, banks and histories of both stages, without times."""
    out: dict[str, object] = {}
    for name, epoch in (("stage1_trunk", 4), ("stage2_A100-200", 8)):
        state = read_checkpoint(folder / name / f"epoch_{epoch}.pth")["state_dict"]
        out[f"{name} weights"] = {
            key: value.numpy().tobytes() for key, value in state.items()
        }
        lines = (folder / name / "history.jsonl").read_text().splitlines()
        out[f"{name} history"] = [
            {**json.loads(line), "seconds": None} for line in lines
        ]
        assert json.loads((folder / name / "run.json").read_text())["state"] == (
            "finished"
        )
    bank = load_bank(folder / "stage1_trunk" / "error_bank_epoch_4.npz")
    out["bank"] = [bank.codes(tile).tobytes() for tile in range(len(bank))]
    return out


def test_random_kills(tmp_path, options, long):
    """Twenty kills at random moments, in both stages (three in the short run)."""

    def run(folder: Path) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        work_dir = folder / "stage2_A100-200"
        train(STAGE2, work_dir, options, resume=True, with_parents=True)

    def start(folder: Path):
        process = _FORK.Process(target=run, args=(folder,))
        process.start()
        return process

    began = time.monotonic()
    straight = start(tmp_path / "straight")
    straight.join()
    seconds = time.monotonic() - began
    assert straight.exitcode == 0
    expected = what_came_out(tmp_path / "straight")

    rng = np.random.default_rng(0)
    kills, rounds, wanted = 0, 0, 20 if long else 3
    while kills < wanted:
        folder = tmp_path / f"killed_{rounds}"
        rounds += 1
        while True:
            process = start(folder)
            process.join(rng.uniform(0.1, 0.8) * seconds if kills < wanted else None)
            if process.exitcode is None:
                process.kill()
                process.join()
                kills += 1
                continue
            assert process.exitcode == 0
            break
        found = what_came_out(folder)
        for key, value in expected.items():
            assert found[key] == value, f"{key} differs after {kills} kills"


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
def test_one_of_two_ranks_is_killed(tmp_path, options, long):
    """The others end, the launcher fails, and a resumed run ends as one never hurt."""
    if not long:
        pytest.skip("takes minutes; make faults runs it")
    settings = [f"{key}={value}" for key, value in options.items()]

    def start(folder: Path, port: int) -> subprocess.Popen:
        return subprocess.Popen(
            [
                *("tools/dist_train.sh", STAGE2, "2", "--with-parents", "--resume"),
                *("--work-dir", folder / "stage2_A100-200", "--cfg-options"),
                *settings,
            ],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    port = 29_700 + os.getpid() % 200
    assert start(tmp_path / "straight", port).wait() == 0
    expected = what_came_out(tmp_path / "straight")
    rng = np.random.default_rng(1)
    for round_ in range(3):
        folder = tmp_path / f"killed_{round_}"
        launcher = start(folder, port)
        # The first checkpoint says that both are at work.
        while not list(folder.glob("*/epoch_1.pth")) and launcher.poll() is None:
            time.sleep(0.05)
        time.sleep(float(rng.uniform(0, 2)))
        ranks = _children(launcher.pid)
        if ranks:
            os.kill(ranks[int(rng.integers(len(ranks)))], signal.SIGKILL)
            assert launcher.wait(120) != 0
        assert start(folder, port).wait() == 0
        found = what_came_out(folder)
        for key, value in expected.items():
            assert found[key] == value, key
