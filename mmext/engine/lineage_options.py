"""``--cfg-options`` for the configs of a lineage, which don't have the same hooks."""

from pathlib import Path
from typing import Any

from mmext.engine.build_config import read_config
from mmext.engine.config_bases import find_beside

Options = dict[str, Any]


def own_options(
    config_path: Path, options: Options | None, say: bool = True
) -> Options:
    """The options for one config: without those for hooks that only its parents have.

    What neither it nor its parents have stays, to be refused with the config.

    Args:
        config_path: The config file.
        options: Dotted keys and values.
        say: Whether to print what goes elsewhere.
    """
    own, above = _hooks(config_path), _hooks_above(config_path)
    kept = {}
    for key, value in (options or {}).items():
        if (hook := _hook_of(key)) not in above - own:
            kept[key] = value
        elif say:
            print(
                f"{config_path}: has no hook {hook}, so --cfg-options {key} goes to "
                "the parents that are still to be trained"
            )
    return kept


def parent_options(config_path: Path, parent: Path, options: Options | None) -> Options:
    """The options for a parent: without those for hooks that only its child has.

    Args:
        config_path: The child's config file.
        parent: The parent's.
        options: Dotted keys and values, as the child was given them.
    """
    only_here = _hooks(config_path) - _hooks(parent) - _hooks_above(parent)
    return {
        key: value
        for key, value in (options or {}).items()
        if _hook_of(key) not in only_here
    }


def _hook_of(key: str) -> str | None:
    """The hook that a dotted key reaches into."""
    first, *rest = key.split(".")
    return rest[0] if first == "default_hooks" and len(rest) > 1 else None


def _hooks(config_path: Path) -> set[str]:
    if not config_path.is_file():
        return set()  # find_parents names what is missing
    hooks = read_config(config_path).get("default_hooks") or {}
    if not isinstance(hooks, dict):
        return set()  # the config's own check refuses it
    return {name for name, hook in hooks.items() if hook}


def _hooks_above(config_path: Path, below: frozenset[Path] = frozenset()) -> set[str]:
    """Hooks of all that a config grows from."""
    if not config_path.is_file() or config_path in below:
        return set()
    lineage = read_config(config_path).get("lineage") or {}
    named = lineage.get("parent", []) if isinstance(lineage, dict) else []
    if not isinstance(named, str | list | tuple):
        return set()  # the config's own check refuses it, and a lineage of text
    found: set[str] = set()
    for name in [named] if isinstance(named, str) else named:
        parent = find_beside(config_path, name)
        found |= _hooks(parent) | _hooks_above(parent, below | {config_path})
    return found
