from .array_file import open_array
from .atomic import atomic_path
from .hashing import sha256_of
from .lock import locked
from .table import read_table

__all__ = [
    "atomic_path",
    "locked",
    "open_array",
    "read_table",
    "sha256_of",
]
