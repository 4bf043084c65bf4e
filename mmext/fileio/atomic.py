"""Writing a file or folder so that it is either whole or not there."""

import contextlib
import errno
import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from mmext.errors import DISK_FULL, UserError

from .leftovers import hidden_name, remove, sweep


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling of ``path``; move it there on success.

    The caller writes the yielded path (a file, or a folder it creates). When
    the block ends without an exception the result replaces ``path`` by
    ``os.replace``; otherwise it is removed and ``path`` is left as it was. The
    temporary name keeps the suffix, so drivers that look at it still work.

    What processes that were killed left in the folder is removed when a process first
    writes there. A folder is replaced by two renames; where a kill between them left
    only the old folder, under a hidden name, it is put back.

    Args:
        path: The final file or folder. Its parent folder is created.

    Yields:
        The temporary path, on the same file system.

    Raises:
        UserError: The disk is full.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    _sweep_once(final.parent.resolve())
    temporary = final.with_name(hidden_name(final, "tmp"))
    try:
        yield temporary
        if temporary.is_dir() and final.is_dir():
            _replace_folder(final, temporary)
        else:
            temporary.replace(final)
    except Exception as error:
        if _filled_the_disk(error, final.parent):
            raise UserError(f"{final}: can't be written ({DISK_FULL})") from None
        raise
    finally:
        remove(temporary)


#: GDAL and SQLite say only that some function failed, and give back what they took
#: before they do: with less than this free, the disk was full.
NEARLY_FULL = 16 << 20
_WRITERS = ("rasterio", "pyogrio", "sqlite3")


def _filled_the_disk(error: Exception, folder: Path) -> bool:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return True
    if type(error).__module__.split(".")[0] not in _WRITERS:
        return False
    return shutil.disk_usage(folder).free < NEARLY_FULL


# Once a folder: to list a folder of many files for each of them takes their square.
_sweep_once = functools.cache(sweep)


def _replace_folder(final: Path, temporary: Path) -> None:
    # os.replace cannot overwrite a folder that holds something.
    old = final.with_name(hidden_name(final, "old"))
    final.replace(old)
    try:
        temporary.replace(final)
    except OSError:
        old.replace(final)
        raise
    remove(old)
