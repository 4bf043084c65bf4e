"""Reading a CSV that a user made."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mmext.errors import UserError, one_line


def read_table(
    path: str | os.PathLike[str], columns: Sequence[str]
) -> list[dict[str, str]]:
    """Rows of a CSV as text, an empty cell as ``''``.

    Spreadsheets put a byte order mark first; it is no part of the first name.

    Args:
        path: The file, UTF-8.
        columns: Columns that it must have.

    Raises:
        UserError: The file is missing, no such table, or lacks a column.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file, expected a CSV")
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, OSError, OverflowError) as error:
        raise UserError(f"{path}: not a readable CSV ({one_line(error)})") from None
    for column in columns:
        if column not in table.columns:
            raise UserError(
                f"{path}: has no column '{column}', it has "
                f"{', '.join(map(str, table.columns)) or 'none'}"
            )
    return table.to_dict("records")
