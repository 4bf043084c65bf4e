"""The configs that come with mmext, by name: ``mmext::demo/stage1_trunk.py``."""

import difflib
import os
from pathlib import Path

_PREFIX = "mmext::"


def shipped_folder() -> Path:
    """Where they lie: in an installed package, beside it in the repository."""
    package = Path(__file__).resolve().parent
    installed = package / ".mim" / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def is_shipped_name(name: str | Path) -> bool:
    """Whether a path is a name of this kind, right or wrong."""
    return str(name).startswith(_PREFIX)


def find_shipped(name: str | Path) -> Path:
    """The path of a config, or of a folder of configs, that comes with mmext.

    Args:
        name: ``mmext::`` and the path below ``configs/``.

    Raises:
        ValueError: There is none; the text says what was expected.
    """
    folder = shipped_folder()
    asked = str(name).removeprefix(_PREFIX)
    path = folder / asked
    if ".." not in path.parts and path.is_relative_to(folder) and path.exists():
        return path
    known = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.py"))
    if not known:
        raise ValueError(f"a path; this mmext has no configs, {folder} is missing")
    near = difflib.get_close_matches(asked, known, 1)
    if near:
        raise ValueError(f"a config of mmext, did you mean {_PREFIX}{near[0]}?")
    raise ValueError(f"a config of mmext, such as {_PREFIX}stage1_trunk.py")


def with_shipped_names(text: str) -> str:
    """A message in which configs that come with mmext go by their names.

    Args:
        text: May hold their paths, which in an installed package are long.
    """
    return text.replace(f"{shipped_folder()}{os.sep}", _PREFIX)
