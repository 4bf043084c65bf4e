"""What a library says when a file can't be written, as one line."""

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyogrio.errors
from rasterio._err import CPLE_BaseError  # GDAL's own; it has no public name
from rasterio.errors import RasterioError

from mmext.errors import DISK_FULL, UserError, one_line
from mmext.fileio.atomic import NEARLY_FULL
from mmext.machine import nearest_folder

_LIBRARIES = (
    CPLE_BaseError,
    OSError,
    RasterioError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.DataSourceError,
    pyogrio.errors.FeatureError,
    sqlite3.Error,
)


class CantWriteError(UserError):
    """A file can't be written; that will be so of the next one, too."""


@contextlib.contextmanager
def writing(path: Path, needed: int = 0) -> Iterator[None]:
    """Turn what GDAL, SQLite or the system says of a write into one line.

    GDAL rarely says that the disk is full, only that some function failed.

    Args:
        path: The file.
        needed: How many bytes it may take, if that is known.

    Raises:
        CantWriteError: It can't be written.
    """
    before = _free(path)
    try:
        yield
    except _LIBRARIES as error:
        full = min(before, _free(path)) < max(NEARLY_FULL, needed)
        if full or getattr(error, "errno", None) == errno.ENOSPC:
            reason = DISK_FULL
        else:
            reason = one_line(error)
        raise CantWriteError(f"{path}: can't be written ({reason})") from None


def _free(path: Path) -> int:
    return shutil.disk_usage(nearest_folder(path.parent)).free
