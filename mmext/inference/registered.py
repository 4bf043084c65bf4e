"""Refusing component names that a registry would import instead of look up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.registry import Registry

from mmext.errors import UserError


def refuse_unregistered(
    value: Any, registries: Sequence[Registry], where: str, hint: str = ""
) -> None:
    """Refuse a ``type`` that is no registered component's name, at any depth.

    mmengine takes a name that it doesn't know for a dotted Python name, imports it and
    calls it: ``dict(type='os.system', command=…)`` would run. That is as good as any
    code in a config, but a checkpoint's must be data.

    Args:
        value: A part of a config that came with data.
        registries: Where its components may be registered.
        where: What it is; a refusal begins with it.
        hint: What to do about a name that isn't registered.

    Raises:
        UserError: A ``type`` is not registered.
    """
    if isinstance(value, Mapping):
        name = value.get("type")
        if name is not None and not _is_registered(name, registries):
            raise UserError(
                f"{where}.type: is {name!r}, expected a registered component"
                + (f" ({hint})" if hint else "")
            )
        for key, item in value.items():
            refuse_unregistered(item, registries, f"{where}.{key}", hint)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_unregistered(item, registries, f"{where}[{index}]", hint)


def _is_registered(name: Any, registries: Sequence[Registry]) -> bool:
    if not isinstance(name, str):
        return False
    scope, _, key = name.rpartition(".")
    return any(
        key in registry.module_dict
        for start in registries
        for registry in _family(start)
        if scope in ("", registry.scope)
    )


def _family(registry: Registry) -> Iterator[Registry]:
    """A registry, its ancestors, and all that descend from them."""
    root = registry
    while root.parent is not None:
        root = root.parent
    waiting = [root]
    while waiting:
        found = waiting.pop()
        found.import_from_location()
        waiting.extend(found.children.values())
        yield found
