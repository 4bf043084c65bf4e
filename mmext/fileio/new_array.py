"""Writing a NumPy array's file from front to back."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mmext.errors import UserError

_UNKNOWN = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def new_array(
    path: str | os.PathLike[str], shape: tuple[int, ...], dtype: np.dtype
) -> BinaryIO:
    """Begin a ``.npy`` file: its header is written and its room on the disk reserved.

    Args:
        path: The file; it is written anew.
        shape: The array's.
        dtype: The array's.

    Returns:
        The file, to which the array's bytes are to be written in C order.

    Raises:
        UserError: The disk has no room for it.
    """
    path = Path(path)
    file = path.open("wb")
    try:
        _write_header(file, shape, dtype)
        size = file.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize
        _reserve(file, size, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            file.close()
        raise UserError(
            f"{path}: no room for it on the disk ({error.strerror})"
        ) from None
    return file


@contextlib.contextmanager
def growing_array(
    path: str | os.PathLike[str], shape: tuple[int, ...], dtype: np.dtype
) -> Iterator[BinaryIO]:
    """Write a ``.npy`` file of items of which nobody knows yet how many there are.

    Args:
        path: The file; it is written anew.
        shape: An item's.
        dtype: An item's.

    Yields:
        The file, to which the items' bytes are to be written in C order.
    """
    file = Path(path).open("wb")  # noqa: SIM115 - closed below, as it may be
    try:
        _write_header(file, (0, *shape), dtype)
        start = file.tell()
        yield file
        written = file.tell() - start
        file.seek(0)
        # NumPy leaves room in the header for the number of items.
        item = int(np.prod(shape, dtype=object)) * dtype.itemsize
        _write_header(file, (written // item, *shape), dtype)
        assert file.tell() == start
    except BaseException:
        # What a full disk leaves in the buffer would fail once more.
        with contextlib.suppress(OSError):
            file.close()
        raise
    file.close()


def _write_header(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(file, header)


def _reserve(file: BinaryIO, size: int, path: Path) -> None:
    # macOS has no posix_fallocate, some network file systems refuse it.
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    print(
        f"{path.parent}: this disk can't reserve room; if it gets full, writing ends "
        "there",
        file=sys.stderr,
    )
