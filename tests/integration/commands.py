"""Running the tools as a user does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(
    *command: object, ok: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository's root and expect it to succeed, or to fail."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **environment,
        },
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
    return run(sys.executable, f"tools/{name}.py", *arguments, ok=ok)
