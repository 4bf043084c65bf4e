"""What a config inherits from: files beside it, and configs that come with mmext.

mmengine looks up ``package::name`` for the packages of the mm stack only, needs a
folder in the name, and gives what it finds a scope; its ``mmseg::`` fails with the
forks, whose distribution has another name. So ``mmext::`` is looked up here.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from mmext.checked import checked
from mmext.errors import UserError
from mmext.shipped_configs import find_shipped, is_shipped_name

_mmengines_lookup = Config._get_cfg_path


def _look_up(name: str, config_path: str) -> tuple[str, str | None]:
    if is_shipped_name(name):
        return str(_shipped(name, config_path)), None
    return _mmengines_lookup(name, config_path)


# Bases of bases are read inside mmengine, which calls it by this name.
Config._get_cfg_path = staticmethod(_look_up)


def read_bases(path: Path) -> list[str]:
    """What ``_base_`` of a Python config names; nothing if it is computed.

    Raises:
        SyntaxError: It is no Python.
        UserError: It is neither text nor a list of texts.
    """
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_base_":
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                return []  # mmengine finds out
            checked(str | Sequence[str], value, f"{path}: _base_")
            return [value] if isinstance(value, str) else list(value)
    return []


def refuse_circle(path: Path, below: tuple[Path, ...] = ()) -> None:
    """Refuse bases that include each other, which mmengine follows for seconds.

    Args:
        path: A Python config.
        below: The configs that include it, the last one directly.

    Raises:
        SyntaxError: One of them is no Python.
        UserError: A config is its own base, directly or through others.
    """
    path = path.resolve()
    if path in below:
        circle = " → ".join(step.name for step in (*below[below.index(path) :], path))
        raise UserError(
            f"{below[0]}: not a valid config (its _base_ files include each other: "
            f"{circle})"
        )
    for name in read_bases(path):
        base = _shipped(name, path) if is_shipped_name(name) else path.parent / name
        if base.suffix == ".py" and base.is_file():
            refuse_circle(base, (*below, path))


def find_beside(config_path: Path, name: str) -> Path:
    """The config of that name beside a config, or beside its base in ``mmext::``.

    So a config of one's own that changes a shipped one grows from the same parents.
    Parts of configs, which lie in folders called ``_base_``, have none.

    Args:
        config_path: The config file.
        name: Without suffix.

    Returns:
        Its path; where it is nowhere, that beside the config.
    """
    own = config_path.with_name(f"{name}.py")
    if own.is_file():
        return own
    for base in _shipped_bases(config_path, frozenset()):
        if (path := base.with_name(own.name)).is_file():
            return path
    return own


def _shipped_bases(path: Path, below: frozenset[Path]) -> Iterator[Path]:
    if path in below or path.suffix != ".py" or not path.is_file():
        return  # reading it says so
    for name in read_bases(path):
        if not is_shipped_name(name):
            yield from _shipped_bases(path.parent / name, below | {path})
        elif "_base_" not in (base := _shipped(name, path)).parts:
            yield base


def _shipped(name: str, config_path: str | Path) -> Path:
    try:
        path = find_shipped(name)
    except ValueError as error:
        raise UserError(
            f"{config_path}: _base_: is {name!r}, expected {error}"
        ) from None
    if not path.is_file():
        raise UserError(
            f"{config_path}: _base_: is {name!r}, a folder, expected a config in it"
        )
    return path
