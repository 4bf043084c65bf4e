"""Trainings that are killed as operators and power cuts kill them, and gone on with."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmext.structures import load_bank
from tests.checkpoint_weights import weights
from tests.engine.conftest import tiny

from .commands import ROOT, environment

pytestmark = pytest.mark.slow
EPOCHS = 12


@pytest.fixture(scope="module")
def options(tmp_path_factory, make_store):
    store = make_store(tmp_path_factory.mktemp("data") / "store", tiles=24, positive=9)
    changes = {
        "epoch_scale": 0.06,
        "default_hooks.checkpoint.interval": 80,  # 5 epochs, scaled
        "default_hooks.checkpoint.max_keep_ckpts": -1,
    }
    settings = tiny(store, **changes)
    return ["--cfg-options", *(f"{key}={value}" for key, value in settings.items())]


def start(work_dir, options, *arguments, processes=1, port=29641, restarts=0):
    script = [sys.executable, "tools/train.py", "configs/stage1_trunk.py"]
    if processes > 1:
        script = ["tools/dist_train.sh", "configs/stage1_trunk.py", str(processes)]
    return subprocess.Popen(
        [*script, "--work-dir", str(work_dir), *arguments, *options],
        cwd=ROOT,
        env=environment(PORT=str(port), MAX_RESTARTS=str(restarts)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def epochs_done(work_dir):
    history = work_dir / "history.jsonl"
    return len(history.read_text().splitlines()) if history.is_file() else 0


def wait_for_epoch(work_dir, epoch, process):
    while epochs_done(work_dir) < epoch and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()[0]


def finish(*arguments, **keywords):
    process = start(*arguments, **keywords)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    return output


def assert_same(one, other):
    last = f"epoch_{EPOCHS}.pth"
    assert torch.equal(weights(one / last), weights(other / last))
    banks = [load_bank(w / f"error_bank_epoch_{EPOCHS}.npz") for w in (one, other)]
    for tile in range(len(banks[0])):
        assert (banks[0].fn(tile) == banks[1].fn(tile)).all()
        assert (banks[0].fp(tile) == banks[1].fp(tile)).all()
    histories = []
    for work_dir in (one, other):
        lines = (work_dir / "history.jsonl").read_text().splitlines()
        histories.append([{**json.loads(line), "seconds": 0} for line in lines])
    assert histories[0] == histories[1]
    assert json.loads((other / "run.json").read_text())["state"] == "finished"


@pytest.fixture(scope="module")
def straight(tmp_path_factory, options):
    work_dir = tmp_path_factory.mktemp("straight") / "stage1_trunk"
    finish(work_dir, options)
    return work_dir


def test_sigterm_writes_a_checkpoint_and_is_gone_on_from(straight, options, tmp_path):
    process = start(tmp_path, options)
    wait_for_epoch(tmp_path, 2, process)
    process.terminate()
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 143, output
    done = epochs_done(tmp_path)
    assert f"ended by SIGTERM after epoch {done} of {EPOCHS}" in output
    # Five epochs lie between two checkpoints, but this one is written.
    assert (tmp_path / f"epoch_{done}.pth").is_file() and done < EPOCHS
    assert not (tmp_path / ".mmext.lock").exists()
    finish(tmp_path, options, "--resume")
    assert_same(straight, tmp_path)


def test_a_second_sigterm_ends_it_at_once(options, tmp_path):
    process = start(tmp_path, options)
    wait_for_epoch(tmp_path, 1, process)
    process.terminate()
    time.sleep(0.02)
    process.terminate()
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 143, output
    assert not list(tmp_path.glob(".*"))  # neither lock nor temporary files


def test_kills_at_random_moments(straight, options, tmp_path):
    """Until it has ended; each leaves a lock that the next takes over."""
    moments = random.Random(7)
    taken_over = 0
    for _ in range(2):
        process = start(tmp_path, options, "--resume")
        wait_for_epoch(tmp_path, min(epochs_done(tmp_path) + 1, EPOCHS - 2), process)
        time.sleep(moments.random())
        os.killpg(process.pid, signal.SIGKILL)
        taken_over += "taken over" in process.communicate()[0]
    output = finish(tmp_path, options, "--resume")
    assert taken_over + ("taken over" in output) == 2
    assert_same(straight, tmp_path)


@pytest.fixture(scope="module")
def straight_two(tmp_path_factory, options):
    """By two processes, and what they said."""
    work_dir = tmp_path_factory.mktemp("straight_two") / "stage1_trunk"
    return work_dir, finish(work_dir, options, processes=2, port=29642)


def test_two_processes_end_together(straight_two, options, tmp_path):
    one, output = straight_two
    other = tmp_path / "other"
    assert output.count("2 processes with 3 samples each: 6 a step") == 1
    process = start(other, options, processes=2, port=29643)
    wait_for_epoch(other, 2, process)
    process.terminate()
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    done = epochs_done(other)
    assert output.count(f"ended by SIGTERM after epoch {done} of {EPOCHS}") == 1
    assert (other / f"epoch_{done}.pth").is_file() and done < EPOCHS
    finish(other, options, "--resume", processes=2, port=29644)
    assert_same(one, other)


def ranks(launcher):
    """The processes that torchrun has started, by rank."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
    found = {}
    for child in map(int, children.read_text().split()):
        environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        for entry in environment:
            if entry.startswith(b"RANK="):
                found[int(entry.partition(b"=")[2])] = child
    return found


def test_torchrun_begins_again_when_a_process_is_killed(
    straight_two, options, tmp_path
):
    """Each of the two once: before there is a checkpoint, and after."""
    work_dir = tmp_path / "stage1_trunk"
    process = start(work_dir, options, "--resume", processes=2, port=29646, restarts=2)
    killed = []
    for epoch, rank in ((2, 0), (7, 1)):
        wait_for_epoch(work_dir, epoch, process)
        while ranks(process).keys() != {0, 1} or (
            killed and killed[-1] in ranks(process).values()
        ):
            time.sleep(0.01)
        killed.append(ranks(process)[rank])
        os.kill(killed[-1], signal.SIGKILL)
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output
    assert output.count("failed (exitcode: -9)") == 2, output
    assert_same(straight_two[0], work_dir)


def test_a_second_run_in_the_same_work_directory(options, tmp_path):
    first = start(tmp_path, options)
    wait_for_epoch(tmp_path, 1, first)
    first.send_signal(signal.SIGSTOP)
    for processes in (1, 2):
        second = start(tmp_path, options, "--resume", processes=processes, port=29645)
        output = second.communicate(timeout=120)[0]
        assert second.returncode != 0
        assert output.count(f"in use by process {first.pid}") == 1
    first.send_signal(signal.SIGCONT)
    first.terminate()
    first.communicate()
