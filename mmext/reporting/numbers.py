"""How numbers are written in tables and text: one rounding for all."""

import math
from collections.abc import Sequence

import numpy as np

from mmext.evaluation.bootstrap import Interval


def rounded(value: float, spec: str = "") -> str:
    """A number as text, with a minus that is as wide as a plus.

    Args:
        value: Any number; a dash stands for NaN and infinity.
        spec: How to write it, such as ``+.1%``; otherwise three digits after the
            point, four below 0.1.
    """
    if not math.isfinite(value):
        return "–"
    return f"{value:{spec or _spec(value)}}".replace("-", "−")


def mean_and_deviation(
    values: Sequence[float] | np.ndarray, spec: str = ""
) -> str | None:
    """Mean ± standard deviation (n − 1); one value has no deviation.

    Args:
        values: What is not finite is left out.
        spec: See :func:`rounded`; otherwise the mean's.

    Returns:
        Text, None without values.
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    mean = float(known.mean())
    text = rounded(mean, spec)
    if len(known) > 1:
        deviation = rounded(float(known.std(ddof=1)), (spec or _spec(mean)).lstrip("+"))
        text += f" ± {deviation}"
    return text


def value_and_interval(interval: Interval) -> str:
    """A difference and its interval, with signs; only the difference without one."""
    value = rounded(interval.value, "+.3f")
    return f"{value} {ends(interval)}" if math.isfinite(interval.low) else value


def ends(interval: Interval) -> str:
    """The ends of a difference's interval, with signs."""
    if not math.isfinite(interval.low):
        return "–"
    return f"[{rounded(interval.low, '+.3f')}, {rounded(interval.high, '+.3f')}]"


def _spec(value: float) -> str:
    # Judged after rounding, so that 0.09996 is not 0.1000.
    return ".4f" if abs(round(value, 4)) < 0.1 else ".3f"
