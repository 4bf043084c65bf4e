"""An mmengine file backend whose files are whole or absent."""

import os
from io import BytesIO

from mmengine.fileio import LocalBackend, register_backend

from .atomic import atomic_path


class AtomicLocalBackend(LocalBackend):
    """Local disk, written under a temporary name and moved into place.

    ``backend_args=dict(backend='atomic')`` on a hook that saves files makes a
    run that is killed while it saves leave its last good file behind.
    """

    def put(self, obj: bytes | BytesIO, filepath: str | os.PathLike[str]) -> None:
        """Write bytes to ``filepath`` in one step."""
        with atomic_path(filepath) as temporary:
            super().put(obj, temporary)

    def put_text(
        self, obj: str, filepath: str | os.PathLike[str], encoding: str = "utf-8"
    ) -> None:
        """Write text to ``filepath`` in one step."""
        with atomic_path(filepath) as temporary:
            super().put_text(obj, temporary, encoding)


register_backend("atomic", AtomicLocalBackend, force=True)
