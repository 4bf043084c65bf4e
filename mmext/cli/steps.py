"""Demos: commands one after another, in a folder, as one would type them."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mmext.errors import UserError

_AT_ONCE = 2


@dataclass(frozen=True)
class Step:
    """A part of a demo.

    Attributes:
        title: What is done.
        lines: By which command lines, without ``mmext``; several run side by side.
        result: Done if it is there, whole; None where the commands find out.
    """

    title: str
    lines: tuple[str, ...]
    result: Path | None = None


def run_steps(steps: Iterable[Step], folder: Path | None) -> None:
    """Do what is not done yet, and show it.

    Args:
        steps: In order.
        folder: Where, made if it is not there; None is the current one.

    Raises:
        UserError: A command failed; the steps after it are not begun.
    """
    from mmext.cli.app import run

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        # Configs name their data from the current folder.
        os.chdir(folder)
        print(f"$ cd {shlex.quote(str(folder))}")
    for step in steps:
        if step.result is not None and step.result.exists():
            continue
        print(f"\n== {step.title}")
        for line in step.lines:
            print(f"   $ mmext {line}", flush=True)
        if len(step.lines) == 1:
            run(shlex.split(step.lines[0]))
            continue
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            failed = [line for line in pool.map(_run_apart, step.lines) if line]
        if failed:
            raise UserError(f"mmext {failed[0]}: failed, see above")


def _run_apart(line: str) -> str | None:
    """Run a command in a process of its own, on one core; give its line if it fails.

    Two side by side are faster than one after the other on two cores: convolutions as
    small as a demo's gain little from a second thread.
    """
    result = subprocess.run(
        [sys.executable, "-m", "mmext", *shlex.split(line)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    return line if result.returncode else None
