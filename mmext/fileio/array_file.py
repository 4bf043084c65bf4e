"""Reading a NumPy array that may be anything."""

import os
import tokenize
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from mmext.errors import UserError, one_line

# What NumPy's reader raises on damaged headers, one by one.
_DAMAGE = (ValueError, EOFError, OSError, SyntaxError, TypeError, OverflowError)


def open_array(
    path: str | os.PathLike[str],
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """Map a ``.npy`` file into memory, read-only; nothing in it is unpickled.

    Nothing is read or allocated but the header, whatever size that claims.

    Args:
        path: The file.
        shape: What it must have.
        dtype: What it must have.

    Raises:
        UserError: The file is missing, no array of numbers, shorter than its header
            says, or of another shape or dtype.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (*_DAMAGE, tokenize.TokenError) as error:
        raise UserError(f"{path}: not a NumPy array ({one_line(error)})") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise UserError(f"{path}: holds no numbers, expected an array of them")
    for name, found, expected in (
        ("shape", array.shape, shape),
        ("data type", array.dtype, None if dtype is None else np.dtype(dtype)),
    ):
        if expected is not None and found != expected:
            raise UserError(f"{path}: {name} {found}, expected {expected}")
    return array
