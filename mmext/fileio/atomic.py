"""Writing a file or folder so that it is either whole or not there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling of ``path``; move it there on success.

    The caller writes the yielded path (a file, or a folder it creates). When
    the block ends without an exception the result replaces ``path`` by
    ``os.replace``; otherwise it is removed and ``path`` is left as it was. The
    temporary name keeps the suffix, so drivers that look at it still work.

    Args:
        path: The final file or folder. Its parent folder is created.

    Yields:
        The temporary path, on the same file system.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.stem}.tmp-{os.getpid()}{final.suffix}")
    try:
        yield temporary
        if temporary.is_dir() and final.is_dir():
            # os.replace cannot overwrite a folder that holds something.
            old = final.with_name(f".{final.name}.old-{os.getpid()}")
            final.replace(old)
            temporary.replace(final)
            shutil.rmtree(old)
        else:
            temporary.replace(final)
    finally:
        _remove(temporary)
