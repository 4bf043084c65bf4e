"""Values that come from outside, compared with their type in one place.

Arguments of commands, values of configs and the JSON files that a program finds are
all declared with the types below (or any type hint), and refused here in one line. A
range is stated once, where the value is declared: ``tile_size: Count = 256``.
"""

import difflib
import functools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic import ValidationError as _ValidationError
from pydantic.dataclasses import dataclass as _dataclass
from typing_extensions import dataclass_transform

from mmext.errors import UserError

#: A whole number, at least 1.
Count = Annotated[int, Field(ge=1)]
#: A whole number, at least 0.
Index = Annotated[int, Field(ge=0)]
#: Any number but NaN and infinity.
Finite = Annotated[float, Field(allow_inf_nan=False)]
#: A finite number above 0.
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
#: A finite number, at least 0.
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
#: A number from 0 to 1, both included.
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
#: A number above 0, at most 1: a share of which nothing is none.
PositiveShare = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
#: A number from 0 to below 1.
BelowOne = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


def _plain_file_name(name: str) -> str:
    """Refuse names that lead elsewhere or can't be a file's."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise ValueError("a plain file name")
    if not name.isprintable() or len(name.encode()) > _MAX_NAME_BYTES:
        raise ValueError(f"a file name of at most {_MAX_NAME_BYTES} printable bytes")
    return name


#: A name that files are called by: it can't lead out of their folder.
FileName = Annotated[str, AfterValidator(_plain_file_name)]

T = TypeVar("T")
# A file system takes 255 bytes, and names get endings.
_MAX_NAME_BYTES = 200
# A file of megabytes is none of ours: it is refused before it is read.
_MAX_JSON_BYTES = 1 << 28


@dataclass_transform(frozen_default=True)
def settings(cls: type[T]) -> type[T]:
    """Make a frozen dataclass that refuses values of another type or range.

    Text that says a number is a number, as on a command line; nothing else is bent.
    An unfit value raises pydantic's ``ValidationError``, which commands print as one
    line, naming the argument.
    """
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    made: type[T] = _dataclass(frozen=True, config=config)(cls)  # type: ignore[assignment]
    return made


def checked(kind: Any, value: Any, where: str, strict: bool = True) -> Any:
    """Compare a value with a type hint.

    Args:
        kind: Any hint: a class, a ``Literal``, a union, a dataclass, an
            ``Annotated`` with a range.
        value: What was found.
        where: The file or key, which the message begins with.
        strict: Whether text that says a number is refused as a number.

    Returns:
        The value as the type has it (a dict as a dataclass, say).

    Raises:
        UserError: It doesn't fit: where, what was found, what was expected.
    """
    try:
        return adapter(kind).validate_python(value, strict=strict)
    except _ValidationError as error:
        raise UserError(refusal(error, where, value)) from None


def read_json(path: str | os.PathLike[str], kind: type[T]) -> T:
    """Read a JSON file of ours as what it must hold.

    Args:
        path: The file.
        kind: What it holds; a dataclass's or ``TypedDict``'s fields are its keys.

    Raises:
        UserError: The file is missing, no JSON, absurdly large, or holds something
            else.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise UserError(
                f"{path}: {path.stat().st_size} bytes, expected at most "
                f"{_MAX_JSON_BYTES}"
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({error})") from None
    return parse_json(text, kind, str(path))


def parse_json(text: str, kind: type[T], where: str) -> T:
    """Read JSON text as what it must hold; ``where`` begins a refusal.

    Raises:
        UserError: It is no JSON or holds something else.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: damaged, not JSON ({error})") from None
    try:
        # As JSON, so that a list may stand for a tuple and text for a path.
        return adapter(kind).validate_json(text, strict=True)
    except _ValidationError as error:
        raise UserError(refusal(error, where, value)) from None


def refusal(error: _ValidationError, where: str, value: Any) -> str:
    """One line for what pydantic found: the place, what is there, what should be.

    Args:
        error: What pydantic raised.
        where: The file or key that holds the value.
        value: What was compared.
    """
    places = [(_place(item, value), item) for item in error.errors()]
    # Of a union each member complains; who got furthest into the value knows most.
    depth = max(len(place) for place, _ in places)
    place, first = next(found for found in places if len(found[0]) == depth)
    expected = dict.fromkeys(_expected(item) for at, item in places if at == place)
    name = where + "".join(
        f"[{part}]" if isinstance(part, int) else f".{_printable(part)}"
        for part in place
    )
    if first["type"] in ("missing", "missing_argument"):
        return f"{name}: missing"
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        missing = [str(at[-1]) for at, item in places if item["type"] == "missing"]
        near = difflib.get_close_matches(str(place[-1]), missing, 1)
        return f"{name}: unknown key" + (f", did you mean {near[0]}?" if near else "")
    return f"{name}: is {shortened(first['input'])}, expected {' or '.join(expected)}"


def _printable(key: str) -> str:
    return key if key.isprintable() and len(key) <= 80 else shortened(key)


def shortened(value: Any, length: int = 80) -> str:
    """A value for a message: its repr on one line, cut where it gets long."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    text = " ".join(repr(value).split())
    return text if len(text) <= length else text[: length - 1] + "…"


def adapter(kind: Any) -> TypeAdapter:
    """What compares values with a type hint."""
    try:
        return _built_adapter(kind)
    except TypeError:  # a hint that can't be hashed, as a Literal of a list
        return _built_adapter.__wrapped__(kind)


# Building one takes a hundred times as long as using it.
@functools.lru_cache(maxsize=256)
def _built_adapter(kind: Any) -> TypeAdapter:
    config = ConfigDict(arbitrary_types_allowed=True)
    try:
        return TypeAdapter(kind, config=config)
    except Exception as error:
        # A dataclass or TypedDict brings a config of its own and refuses another.
        if "type-adapter-config-unused" not in str(getattr(error, "code", "")):
            raise
        return TypeAdapter(kind)


def _place(item: Any, value: Any) -> tuple[int | str, ...]:
    """The part of pydantic's location that are keys of the value.

    The rest names members of unions.
    """
    place: list[int | str] = []
    for part in item["loc"]:
        if isinstance(value, Mapping):
            if part in value:
                value = value[part]
            elif item["type"] != "missing" or part != item["loc"][-1]:
                continue
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if not (isinstance(part, int) and part < len(value)):
                continue
            value = value[part]
        else:
            continue
        place.append(part)
    return tuple(place)


_RANGES = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "sequence_str": "a list",
    "tuple": "a list",
    "dict": "a table",
    "path": "a path",
    "finite_number": "a finite number",
    "none_required": "nothing",
    "dataclass": "a table",
    "typed": "a table",
}
_CLASSES = {"Sequence": "a list", "Mapping": "a table", "PathLike": "a path"}


def _expected(item: Any) -> str:
    kind, context = item["type"], item.get("ctx") or {}
    if kind in _RANGES:
        words, key = _RANGES[kind]
        return f"{words} {context[key]:g}"
    if kind == "literal_error":
        names = context["expected"].replace(" or ", ", ").replace("'", "")
        return f"one of {names}" if ", " in names else names
    if kind == "too_short":
        return f"at least {context['min_length']} values"
    if kind == "too_long":
        return f"at most {context['max_length']} values"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", item["msg"]))
    if kind == "is_instance_of":
        return _CLASSES.get(context["class"], f"a {context['class']}")
    known = _NAMES.get(kind) or _NAMES.get(kind.split("_")[0])
    return known or item["msg"].removeprefix("Input should be ").lower()
