"""Which epochs a table averages over."""

import re
from dataclasses import dataclass

import numpy as np

from mmext.errors import UserError


@dataclass(frozen=True)
class EpochWindow:
    """All epochs, the last so many, or those from one number to another.

    Attributes:
        count: How many at the end; None for any number.
        first: The first epoch; None for the beginning.
        last: The last epoch, included; None for the end.
    """

    count: int | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> "EpochWindow":
        """Read ``N`` (the last N) or ``FIRST:LAST`` (either may be left away).

        Raises:
            UserError: It is neither.
        """
        if re.fullmatch(r"\d+", text) and int(text) > 0:
            return cls(count=int(text))
        if re.fullmatch(r"\d*:\d*", text):
            first, last = (int(part) if part else None for part in text.split(":"))
            if first is None or last is None or first <= last:
                return cls(first=first, last=last)
        raise UserError(
            f"--epochs: is {text!r}, expected a number of last epochs or FIRST:LAST"
        )

    def select(self, epochs: np.ndarray) -> np.ndarray:
        """Those of (E,) rising epoch numbers that lie in the window."""
        chosen = epochs
        if self.first is not None:
            chosen = chosen[chosen >= self.first]
        if self.last is not None:
            chosen = chosen[chosen <= self.last]
        return chosen if self.count is None else chosen[-self.count :]
