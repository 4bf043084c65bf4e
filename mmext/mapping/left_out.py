"""Fields that were found and are not in the result, counted by the reason."""

from collections import Counter

SMALL = "smaller than --min-area"
UNASKED = "for which --where does not hold"
UNSUPPORTED = "that hold no pixel of the target channel (decoder touching)"

#: How many, by one of the reasons above.
LeftOut = Counter[str]


def describe(left_out: LeftOut) -> str:
    """As the end of a line; empty where nothing was left out."""
    parts = [f"{number} {reason}" for reason, number in left_out.items() if number]
    return f"; left out {', '.join(parts)}" if parts else ""
