"""Resolved configs as data: nothing in them is run when they are read.

A config that one trains *with* is a Python program and is executed. What a training
leaves behind, in its checkpoints and its work directory, is a list of values; from a
stranger it must not be able to do anything.
"""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmext.checked import shortened
from mmext.errors import UserError, one_line

# The longest config shipped here has 10 kB.
_MAX_TEXT = 1 << 22


def plain_config(config: Config) -> dict[str, Any]:
    """A config as dicts, lists, tuples, text, numbers, booleans and None.

    Classes and functions become their dotted names, paths become text.

    Raises:
        UserError: It holds something else, which no checkpoint can carry.
    """
    return {key: _plain(value, key) for key, value in config.to_dict().items()}


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {
            _plain(key, where): _plain(item, f"{where}.{key}")
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        items = [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)  # a NumPy float is a float, too, but no plain one
    if isinstance(value, Path):
        return str(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    raise UserError(
        f"config key {where}: is a {type(value).__name__}, expected text, numbers, "
        "lists and dicts, as a checkpoint can carry"
    )


def parse_config(text: str, where: str) -> Config:
    """Read a config's Python text without running it.

    Only what mmengine writes is understood: assignments of literals and of
    ``dict(key=…)``.

    Args:
        text: The text.
        where: Where it comes from; a refusal begins with it.

    Raises:
        UserError: There is anything else in it.
    """
    if len(text) > _MAX_TEXT:
        raise UserError(f"{where}: {len(text)} characters, expected a config")
    try:
        settings = _assignments(ast.parse(text))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise UserError(
            f"{where}: is no list of plain values ({one_line(error)[:200]}), expected "
            "a resolved config as a training leaves it; it is not executed"
        ) from None
    return Config(settings)


def parse_value(text: str, where: str) -> Any:
    """Read a literal, or ``dict(key=…)`` of literals, without running it.

    Args:
        text: The text.
        where: Where it comes from; a refusal begins with it.

    Raises:
        UserError: It is something else.
    """
    try:
        return _literal(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise UserError(
            f"{where}: is {shortened(text)}, expected plain values as "
            f"dict(key='text', other=[1, 2]) ({one_line(error)[:100]})"
        ) from None


def read_resolved_config(path: Path) -> Config:
    """Read the config that a training left in its work directory, as data.

    Raises:
        UserError: It is not there, or holds more than plain values.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such config, a training leaves it there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({one_line(error)})") from None
    return parse_config(text, str(path))


def _assignments(module: ast.Module) -> dict[str, Any]:
    settings = {}
    for statement in module.body:
        if not (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            raise ValueError(f"line {statement.lineno} assigns no name")
        settings[statement.targets[0].id] = _literal(statement.value)
    return settings


def _literal(node: ast.expr) -> Any:
    return ast.literal_eval(_CallsToDicts().visit(node))


class _CallsToDicts(ast.NodeTransformer):
    """``dict(key=value)`` → ``{'key': value}``; any other call stays and is refused."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        keys = [keyword.arg for keyword in node.keywords]
        if (
            not (isinstance(node.func, ast.Name) and node.func.id == "dict")
            or node.args
            or None in keys
        ):
            return node
        return ast.Dict(
            keys=[ast.Constant(key) for key in keys],
            values=[keyword.value for keyword in node.keywords],
        )
