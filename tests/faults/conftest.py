"""How long faults run (`make test`: seconds; `make faults`: an hour), and on what."""

import functools
from pathlib import Path

import pytest

from .isolated import in_own_process
from .readers import make_folder


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether `--long` was given."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good files of every kind."""
    folder = tmp_path_factory.mktemp("faults")
    in_own_process(functools.partial(make_folder, folder))
    return folder
