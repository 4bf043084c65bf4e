"""What is wrong with a command line, in one line."""

import difflib
from collections.abc import Iterable

from cyclopts import Argument
from cyclopts.exceptions import (
    CoercionError,
    ConsumeMultipleError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
    ValidationError,
)
from pydantic import ValidationError as PydanticError

from mmext.checked import refusal, shortened


def explain(error: CycloptsError) -> str:
    """Which argument, what was found, what was expected.

    Args:
        error: What cyclopts made of the command line.
    """
    cause = error.__cause__
    if isinstance(cause, PydanticError) and error.argument is not None:
        return _unfit(cause, error.argument)
    match error:
        case UnknownOptionError():
            option = error.token.keyword or error.token.value
            names = (name for item in error.argument_collection for name in item.names)
            return f"{option}: unknown option{_nearest(option, names)}"
        case UnknownCommandError() if error.unused_tokens and error.app is not None:
            name = error.unused_tokens[0]
            known = [name for name in error.app if not name.startswith("-")]
            hint = _nearest(name, known) or f", expected one of {', '.join(known)}"
            return f"{name}: unknown command{hint}"
        case UnusedCliTokensError() if error.unused_tokens:
            return f"{shortened(error.unused_tokens[0])}: not expected here"
        case RepeatArgumentError():
            return f"{error.token.keyword}: given twice, expected once"
        case MissingArgumentError() if error.argument is not None:
            return _missing(error, error.argument)
        case CoercionError() if error.argument is not None and error.token is not None:
            value = shortened(error.token.value)
            return f"{error.argument.name}: is {value}, expected no value"
        case ValidationError() if error.group is not None:
            return " ".join(error.exception_message.split())
    error.verbose = False
    return " ".join(str(error).split())


def _unfit(error: PydanticError, argument: Argument) -> str:
    """What pydantic refused, under the name that the command line has for it."""
    if argument.children:
        # A dataclass whose fields are options of their own.
        key = error.errors()[0]["loc"][0]
        [field] = [child for child in argument.children if child.keys[-1] == key]
        where, value = field.name, {key: [token.value for token in field.tokens]}
        line = refusal(error, "", value).removeprefix(f".{key}")
    else:
        where = argument.name
        line = refusal(error, "", [token.value for token in argument.tokens])
    # Whoever leaves an option out gives nothing; whoever types it gives a value.
    return where + line.removesuffix(" or nothing")


def _missing(error: MissingArgumentError, argument: Argument) -> str:
    name = argument.name
    if isinstance(error, ConsumeMultipleError):
        return f"{name}: {error.actual_count} values, expected {error.min_required}"
    given = argument.tokens or error.keyword is not None or error.tokens_so_far
    if not given:
        return f"{name}: missing"
    number, _ = argument.token_count()
    found = len(error.tokens_so_far)
    return f"{name}: {found or 'no'} value, expected {number}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f", did you mean {near[0]}?" if near else ""
