"""Damage as disks, transfers and careless programs do it, repeatable from a seed."""

import numpy as np


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """A damaged copy of a file's bytes; now and then of length zero.

    Flipped bits, a changed, zeroed, repeated or lost stretch, a cut end, or, in text,
    a number or word that became another: one to three of them.
    """
    for _ in range(int(rng.integers(1, 4))):
        content = _KINDS[int(rng.integers(len(_KINDS)))](content, rng)
    return content


def _stretch(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    start = int(rng.integers(0, max(1, len(content))))
    # Half of all damage near the beginning, where headers are.
    if rng.random() < 0.5:
        start = min(start, int(rng.integers(0, 512)))
    return start, min(len(content), start + int(2 ** rng.uniform(0, 12)))


def _flip_bits(content: bytes, rng: np.random.Generator) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        changed[_stretch(content, rng)[0]] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _randomise(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _stretch(content, rng)
    return content[:start] + rng.bytes(end - start) + content[end:]


def _zero(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _stretch(content, rng)
    return content[:start] + bytes(end - start) + content[end:]


def _repeat(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _stretch(content, rng)
    return content[:end] + content[start:]


def _lose(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _stretch(content, rng)
    return content[:start] + content[end:]


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(0, len(content) + 1))]


_WORDS = (
    b"null -1 0 1e308 NaN 99999999999999999999 true [] {} [[]] "
    b'"" "../../escape" "\\u0000" {"a":1} [1,2,3] 0.5'
).split(b" ")


def _other_value(content: bytes, rng: np.random.Generator) -> bytes:
    """Replace what stands between two separators, as a careless edit does."""
    places = [i for i, byte in enumerate(content) if byte in b":,[{}]\n"]
    if len(places) < 2:
        return content
    index = int(rng.integers(len(places) - 1))
    word = _WORDS[int(rng.integers(len(_WORDS)))]
    return content[: places[index] + 1] + word + content[places[index + 1] :]


_KINDS = (_flip_bits, _randomise, _zero, _repeat, _lose, _cut, _other_value)
