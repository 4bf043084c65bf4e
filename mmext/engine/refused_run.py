"""What is left of a run that is refused: one line, and nothing on disk."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine import dist

from mmext.errors import UserError, one_line

# What components raise of arguments that are no use; the types say little.
_OF_THE_CONFIG = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


@contextmanager
def refused_without_trace(
    config_path: Path, work_dir: Path, has_begun: Callable[[], bool]
) -> Iterator[None]:
    """Remove the logs that the Runner made if it is refused before it has begun.

    Args:
        config_path: The config, for messages.
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
        if isinstance(error, _OF_THE_CONFIG) or type(error) is RuntimeError:
            raise UserError(
                f"{config_path}: can't be built ({type(error).__name__}: "
                f"{one_line(error)})"
            ) from error
        raise
