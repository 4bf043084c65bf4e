"""Reading what was typed as the type that a command declares."""

from collections.abc import Sequence
from typing import Any, get_origin

from cyclopts import Token

from mmext.checked import adapter


def convert(hint: Any, tokens: Sequence[Token]) -> Any:
    """An argument's value.

    cyclopts' own rules round ``2.5`` to a whole number; these don't.

    Args:
        hint: Its type.
        tokens: What was typed for it.

    Raises:
        pydantic.ValidationError: It can't be read as such.
    """
    texts = [token.value for token in tokens]
    many = get_origin(hint) in (list, tuple)
    return adapter(hint).validate_python(texts if many else texts[0])
