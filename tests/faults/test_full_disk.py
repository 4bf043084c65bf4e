"""A disk that fills up: one line, nothing half-written, and a second call goes on."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmext.cli.app import main

from .isolated import isolated
from .readers import CONFIG, training_options

#: Bytes that are left of the disk when a command begins.
FREE = 24_576


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small file system with 24 KB free."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small tmpfs")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted: {mounted.stderr.decode().strip()}")
    free = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize
    (path / "ballast").write_bytes(bytes(free - FREE))
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def options(store: Path) -> list[str]:
    settings = {
        **training_options(store),
        "default_hooks.error_accumulation.snapshots": "()",
    }
    return ["--cfg-options", *(f"{key}={value}" for key, value in settings.items())]


#: A command line by name, from the folder of good files and where to write.
COMMANDS = {
    "scenes": lambda root, out: ["scenes", "--out", out, "--size", "256", "256"],
    "prepare": lambda root, out: [
        *("prepare", root / "scene.tif", "--labels", root / "fields.gpkg"),
        *("--tile-size", "48", "--out", out),
    ],
    "train": lambda root, out: [
        *("train", CONFIG, "--work-dir", out, *options(root / "store"))
    ],
    "predict": lambda root, out: [
        *("predict", root / "run" / "epoch_2.pth", root / "scene.tif", "--out", out)
    ],
    "evaluate": lambda root, out: [
        *("evaluate", root / "map" / "scene_class.tif"),
        *("--labels", root / "fields.gpkg", "--out", out),
    ],
    "report": lambda root, out: ["report", root / "run", "--out", out],
    "atlas": lambda root, out: [
        *("atlas", root / "run" / "error_bank_epoch_2.npz"),
        *("--store", root / "store", "--out", out),
    ],
    "export": lambda root, out: [
        *("export", root / "run" / "epoch_2.pth", "--out", out / "model.onnx")
    ],
    "depth scenes": lambda root, out: [
        *("depth", "scenes", "--out", out, "--train-scenes", "2", "--test-scenes", "1"),
        *("--size", "64", "48"),
    ],
}


def call(command: list[object]) -> tuple[int, str]:
    """Exit status and what stood on stderr."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["mmext", *map(str, command)]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0), err.getvalue()
    return 0, err.getvalue()


def refused(command: list[object]) -> str | None:
    """What is wrong with how a command ended that found a full disk."""
    status, text = call(command)
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    if status != 2 or len(errors) != 1 or "Traceback" in text:
        return f"exit status {status}: {text[-2000:]}"
    if not any(word in errors[0] for word in ("space", "disk", "bytes")):
        return f"doesn't speak of the disk: {errors[0]}"
    return None


def succeeded(command: list[object]) -> str | None:
    """What is wrong with how a command ended that had room."""
    status, text = call(command)
    return None if status == 0 else text[-2000:]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line_and_leaves_nothing(name, folder, disk, long):
    if not (long or name in ("prepare", "train", "predict")):
        pytest.skip("make faults runs it")
    out = disk / "out"
    command = COMMANDS[name](folder, out)

    assert list(isolated(refused, [command], seconds=120)) == []
    left = {path.name for path in disk.rglob("*") if path.is_file()} - {"ballast"}
    torn = {name for name in left if ".tmp-" in name or ".old-" in name}
    assert not torn
    if name == "prepare":
        assert not left

    (disk / "ballast").unlink()

    again = [*command, *(["--resume"] if name == "train" else [])]
    assert list(isolated(succeeded, [again], seconds=120)) == []
