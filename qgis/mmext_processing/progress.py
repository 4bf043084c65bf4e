"""What a program prints: lines, and bars that are written over themselves."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

#: A bar of tqdm's, ``Scenes:  33%|███▎      | 1/3 [00:01<00:02, 1.00it/s]``.
_BAR = re.compile(
    r"(?:(?P<what>[^\r\n]*?):)? *\d{1,3}%\|.*?\| *(?P<done>\d+)/(?P<total>\d+) "
    r"\[[^\]]*\]"
)


@dataclass(frozen=True)
class Progress:
    """How far a step has come.

    Attributes:
        step: Its name; may be empty.
        percent: From 0 to 100.
    """

    step: str
    percent: float


def read_line(line: str) -> tuple[Progress | None, str]:
    """The bar that a line begins with, and what else it says.

    Args:
        line: Without its end.
    """
    found = _BAR.match(line)
    if not found:
        return None, line
    done, total = int(found["done"]), int(found["total"])
    percent = 100 * done / total if total else 100.0
    return Progress(found["what"] or "", percent), line[found.end() :]


class Lines:
    """Bytes become lines; a bar that is written over is one each time."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def add(self, data: bytes, final: bool = False) -> list[str]:
        """Lines that are whole now, without empty ones.

        Args:
            data: What came.
            final: Whether it was all.
        """
        text = self._rest + self._decoder.decode(data, final)
        *whole, self._rest = re.split(r"[\r\n]", text)
        if final:
            whole.append(self._rest)
        return [line for line in (part.rstrip() for part in whole) if line]
