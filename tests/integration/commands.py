"""Running the tools as a user does."""

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .warm_start import warm

ROOT = Path(__file__).resolve().parents[2]
#: What ends with the process's tests.
running = contextlib.ExitStack()


@functools.cache
def programs() -> Path:
    """The folder of ``mmext`` and ``python`` as :mod:`.warm_start` has them."""
    folder = running.enter_context(tempfile.TemporaryDirectory())
    return running.enter_context(warm(Path(folder)))


def environment(**changes: str) -> dict[str, str]:
    """A user's environment, with what is installed here and no second thread."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **changes,
    }


def at_once() -> dict[str, str]:
    """Of the environment, what spares programs their seconds of importing."""
    return {"PATH": f"{programs()}:{environment()['PATH']}"}


def run(
    *command: object, ok: bool = True, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository's root and expect it to succeed, or to fail."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode == 0) == ok, result.stdout + result.stderr
    return result


def tool(
    name: str, *arguments: object, ok: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run ``tools/NAME.py``."""
    return run("python", f"tools/{name}.py", *arguments, ok=ok, **at_once())
