"""What is left of a run that is refused: one line, and nothing on disk."""

import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine import dist
from mmengine.config import Config
from mmengine.registry import build_functions

from mmext.errors import UserError, one_line


@contextmanager
def refused_without_trace(
    config_path: Path, config: Config, work_dir: Path, has_begun: Callable[[], bool]
) -> Iterator[None]:
    """Remove the logs that the Runner made if it is refused before it has begun.

    Args:
        config_path: The config's file, for messages.
        config: The config.
        work_dir: The run's folder, which may not be there yet.
        has_begun: Whether the run has; from then on everything stays.

    Raises:
        UserError: A component can't be built as the config says.
    """
    was_there = work_dir.is_dir()
    before = set(work_dir.iterdir()) if was_there else set()
    try:
        yield
    except BaseException as error:
        if has_begun():
            raise
        if dist.is_main_process() and work_dir.is_dir():
            for made in set(work_dir.iterdir()) - before:
                shutil.rmtree(made, ignore_errors=True)
            if not was_there and not any(work_dir.iterdir()):
                work_dir.rmdir()
        if _is_of_the_machine(error):
            raise
        raise UserError(
            f"{config_path}: {_part(error, config)}can't be built "
            f"({type(error).__name__}: {one_line(error)})"
        ) from error


def _is_of_the_machine(error: BaseException) -> bool:
    """Whether ``exit_with_one_line`` says more of an error than that something broke.

    Components of the mm stack, torch and a user's own raise what they like of arguments
    that are no use; all of that is the config's.
    """
    if isinstance(error, OSError):
        return error.errno is not None
    out_of_memory = type(error).__name__ == "OutOfMemoryError"
    no_error = not isinstance(error, Exception)
    return no_error or out_of_memory or isinstance(error, UserError | MemoryError)


def _part(error: BaseException, config: Config) -> str:
    """Key and type of the innermost part of a config that was being built, if any."""
    part = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is build_functions.build_from_cfg.__code__:
            part = frame.f_locals["cfg"]
    if part is None or not isinstance(part.get("type"), str):
        return ""
    found = list(_typed(config.to_dict(), part["type"]))
    # Of several of one type the one with the same arguments, if one still has them.
    same = [key for key, value in found if value == part]
    keys = same or [key for key, _ in found]
    return f"{keys[0]} ({part['type']}): " if keys else f"{part['type']}: "


def _typed(value: Any, name: str, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if value.get("type") == name:
            yield key, value
        for below, item in value.items():
            yield from _typed(item, name, f"{key}.{below}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _typed(item, name, f"{key}[{index}]")
