"""Whatever is in a file, it is read, or refused in one line."""

import contextlib
import io
import shutil
import traceback

import numpy as np
import pytest

from mmext.errors import UserError

from .isolated import in_own_process, isolated
from .mutations import mutate
from .readers import READERS, make_folder, read_once

#: Damaged copies of each kind.
SHORT, LONG = 40, 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    in_own_process(lambda: make_folder(folder))
    return folder


@pytest.fixture(scope="module")
def count(long):
    return LONG if long else SHORT


@pytest.mark.parametrize("name", READERS)
def test_damaged_copies_are_read_or_refused(name, folder, count, tmp_path):
    """No traceback, crash, hang or memory without bound, whatever the damage."""
    reader = READERS[name]
    root = tmp_path / "folder"
    shutil.copytree(folder, root)
    good = (root / reader.file).read_bytes()
    answers: list[str] = []

    def attempt(seed: int) -> str | None:
        if not answers:
            with contextlib.redirect_stdout(io.StringIO()):
                answers.append(read_once(reader, root))
        damaged = mutate(good, np.random.default_rng(seed))
        (root / reader.file).write_bytes(damaged)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = read_once(reader, root)
        except UserError as error:
            lines = str(error).splitlines()
            return None if len(lines) == 1 else f"{len(lines)} lines: {error}"
        except BaseException:
            return traceback.format_exc()
        if reader.exact and found != answers[0]:
            return "damaged, and read as if it were not"
        return None

    wrong = list(isolated(attempt, range(count)))
    assert not wrong, (
        f"{len(wrong)} of {count}, the first: seed {wrong[0][0]}\n" + (wrong[0][1])
    )
