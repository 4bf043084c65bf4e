"""Signatures and passwords in addresses, which nothing that is written may show."""

import re
from urllib.parse import unquote

#: Values of a query that are shorter give nothing away and may stand in any text.
_LEAST_VALUE = 8
_USER = re.compile(r"(?<=://)[^/@\s'\"]+@")
# Of an address in a text: what follows its question mark.
_QUERY = re.compile(r"((?:/vsi\w+/|\w+://)[^\s'\"?]*\?)[^\s'\"}]+")

_hidden: set[str] = set()


def hide_secrets_of(address: str) -> None:
    """Remember what of an address is never shown: its query, its user and password.

    Args:
        address: As it is opened.
    """
    if user := _USER.search(address):
        _hidden.add(user.group())
    _, _, query = address.partition("?")
    query = query.partition("}")[0]
    if not query:
        return
    _hidden.add(f"?{query}")
    for part in re.split("[&;]", query):
        name, _, value = part.partition("=")
        if name == "url":  # of /vsicurl?, the address itself
            continue
        _hidden.update(
            text for text in (value, unquote(value)) if len(text) >= _LEAST_VALUE
        )


def without_secrets(text: str) -> str:
    """A text as it may be shown, whoever wrote it."""
    if not _hidden:
        return text
    text = _QUERY.sub(r"\1…", _USER.sub("", text))
    # The longest first: a value is a part of its query.
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "?…" if secret.startswith("?") else "…")
    return text
