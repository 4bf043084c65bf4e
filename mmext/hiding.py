"""Signatures and passwords in addresses, which nothing that is written may show."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

#: Values of a query that are shorter give nothing away and may stand in any text.
_LEAST_VALUE = 8
_USER = re.compile(r"(?<=://)([^/@\s'\"]+)@")
# Of an address or of the end of one, also where a message has cut it: what follows
# its question mark.
_QUERY = re.compile(r"(?<=[\w/])\?[^\s'\")}]+")
# What may be a value of a query, looked up among those that are hidden: there may be
# as many as sheets.
_VALUE = re.compile(rf"[^\s'\"?&,;:(){{}}]{{{_LEAST_VALUE},}}")

_hidden: set[str] = set()


def hide_secrets_of(address: str) -> None:
    """Remember what of an address is never shown: its query, its user and password.

    Args:
        address: As it is opened.
    """
    if user := _USER.search(address):
        _hidden.update((user.group(), *_long(user.group(1).split(":"))))
    query = address.partition("?")[2].partition("}")[0]
    if query:
        _hidden.add(f"?{query}")
    for part in re.split("[&;]", query):
        name, _, value = part.partition("=")
        if name != "url":  # of /vsicurl?, the address itself
            _hidden.update(_long((part, value, unquote(value))))


def without_secrets(text: str) -> str:
    """A text as it may be shown, whoever wrote it."""
    if not _hidden:
        return text
    text = _QUERY.sub("?…", _USER.sub("", text))
    return _VALUE.sub(lambda found: _shown(found.group()), text)


def _long(values: Iterable[str]) -> list[str]:
    return [value for value in values if len(value) >= _LEAST_VALUE]


def _shown(word: str) -> str:
    return "…" if word in _hidden or word.partition("=")[2] in _hidden else word
