from .atomic import atomic_path
from .atomic_backend import AtomicLocalBackend

__all__ = ["AtomicLocalBackend", "atomic_path"]
