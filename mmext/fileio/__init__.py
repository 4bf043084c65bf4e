from .atomic import atomic_path
from .atomic_backend import AtomicLocalBackend
from .table import read_table

__all__ = ["AtomicLocalBackend", "atomic_path", "read_table"]
