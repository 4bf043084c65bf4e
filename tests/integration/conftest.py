"""What tests of pages share."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .warm_start import warm


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """The folder of ``mmext`` and ``python`` as :mod:`.warm_start` has them."""
    with tempfile.TemporaryDirectory() as folder, warm(Path(folder)) as programs:
        if geodeep := shutil.which("geodeep", path=str(Path(sys.executable).parent)):
            (programs / "geodeep").symlink_to(geodeep)
        yield programs
