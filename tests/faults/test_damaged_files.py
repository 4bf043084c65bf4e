"""Whatever is in a file, it is read, or refused in one line."""

import contextlib
import io
import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mmext.errors import UserError

from .isolated import isolated
from .mutations import mutate
from .readers import READERS, read_once

#: Damaged copies of each kind.
SHORT, LONG = 40, 10_000


@dataclass
class DamagedRead:
    """Reads a copy of a folder in which one file is damaged.

    Args:
        name: The reader.
        root: The folder, with that file whole.
    """

    name: str
    root: Path

    def __post_init__(self) -> None:
        self.file = self.root / READERS[self.name].file
        self.whole = self.file.read_bytes()
        self.answer: str | None = None

    def __call__(self, seed: int) -> str | None:
        reader = READERS[self.name]
        if self.answer is None:
            self.file.write_bytes(self.whole)
            with contextlib.redirect_stdout(io.StringIO()):
                self.answer = read_once(reader, self.root)
        self.file.write_bytes(mutate(self.whole, np.random.default_rng(seed)))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = read_once(reader, self.root)
        except UserError as error:
            lines = str(error).splitlines()
            return None if len(lines) == 1 else f"{len(lines)} lines: {error}"
        except BaseException:
            return traceback.format_exc()
        if reader.exact and found != self.answer:
            return "damaged, and read as if it were not"
        return None


@pytest.fixture(scope="module")
def count(long):
    return LONG if long else SHORT


@pytest.mark.parametrize("name", READERS)
def test_damaged_copies_are_read_or_refused(name, folder, count, tmp_path):
    """No traceback, crash, hang or memory without bound, whatever the damage."""
    root = tmp_path / "folder"
    shutil.copytree(folder, root)
    wrong = list(isolated(DamagedRead(name, root), range(count)))
    assert not wrong, (
        f"{len(wrong)} of {count}, the first: seed {wrong[0][0]}\n" + (wrong[0][1])
    )
