"""A view that is being served."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mmext.viewing import MapView, ViewServer
from mmext.viewing.sheets import find_sheets

from .builders import write_map, write_review


@contextmanager
def served(view: MapView) -> Iterator[ViewServer]:
    """A view on a free port, while the block runs."""
    with ViewServer(view) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def folder(tmp_path):
    """A map with a review."""
    folder = write_map(tmp_path / "map")
    write_review(folder / "review.gpkg")
    return folder


@pytest.fixture
def server(folder, tmp_path):
    """Serves it."""
    view = MapView(find_sheets(folder, []), folder / "review.gpkg", tmp_path)
    with served(view) as server:
        yield server
