"""Where the parts of a tile store lie while its scenes are cut."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from mmext.errors import UserError
from mmext.fileio import atomic_path, locked
from mmext.fileio.leftovers import sweep

_ABOUT = "README.txt"
_TEXT = """\
Scenes that mmext prepare has cut so far. The next call with the same --out goes on
from here, and removes this folder when the store is whole. To begin anew, delete it.
"""


class PartsFolder:
    """The parts of a store that is going to be made; a folder beside it.

    Args:
        out: The store's folder.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.parts")

    @property
    def scenes(self) -> Path:
        """Where each scene's part lies, under the scene's name."""
        return self.path / "scenes"

    def make(self) -> None:
        """Make it, or go on in it.

        Raises:
            UserError: There is something else.
        """
        about = self.path / _ABOUT
        if self.path.exists() and not about.is_file():
            strange = [p for p in self.path.glob("*") if not p.name.startswith(".")]
            if strange or not self.path.is_dir():
                raise UserError(
                    f"{self.path}: exists and holds no parts of a store, expected "
                    "another --out"
                )
        with atomic_path(about) as temporary:
            temporary.write_text(_TEXT)
        self.scenes.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep it to this process during the block; nothing is left of it if empty.

        Raises:
            UserError: Another process has it, or there is something else.
        """
        with locked(self.path):
            self.make()
            sweep(self.scenes)
            try:
                yield
            finally:
                # Of workers that have died.
                sweep(self.scenes)
                with contextlib.suppress(OSError):  # there are parts
                    self.scenes.rmdir()
                    (self.path / _ABOUT).unlink()
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def empty(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.scenes)
        self.scenes.mkdir()
