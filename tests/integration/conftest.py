"""What tests of tools and pages share."""

from collections.abc import Iterator

import pytest

from .commands import running


@pytest.fixture(scope="session", autouse=True)
def _ended() -> Iterator[None]:
    """Let no program that tests began live on."""
    with running:
        yield
