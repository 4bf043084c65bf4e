"""What a thermal camera's counts mean, and how a network is given them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmext.errors import UserError

TYPES = ("percentile", "range", "ms2_celsius")
#: Per-image stretch, the usual one: a camera's offset drifts, its contrast stays.
PERCENTILE = {"type": "percentile", "low": 1, "high": 99}


def check_normalisation(normalisation: Mapping[str, Any]) -> None:
    """Refuse settings that :func:`normalise` could not follow.

    Raises:
        UserError: The type is unknown, a key is missing or one too many, or low is
            not below high.
    """
    name = normalisation.get("type")
    if name not in TYPES:
        raise UserError(
            f"LoadThermal.normalisation: type is {name!r}, expected one of "
            f"{', '.join(TYPES)}"
        )
    if set(normalisation) != {"type", "low", "high"}:
        raise UserError(
            f"LoadThermal.normalisation: has the keys {', '.join(normalisation)}; "
            "expected type, low, high"
        )
    low, high = normalisation["low"], normalisation["high"]
    lowest, highest = (0, 100) if name == "percentile" else (-np.inf, np.inf)
    if not lowest <= low < high <= highest:
        raise UserError(
            f"LoadThermal.normalisation: low is {low} and high {high}, expected "
            f"{lowest} ≤ low < high ≤ {highest}"
        )


def normalise(raw: np.ndarray, normalisation: Mapping[str, Any]) -> np.ndarray:
    """Thermal counts as [0, 1].

    ``dict(type='percentile', low=1, high=99)`` stretches between percentiles of this
    image; ``dict(type='range', low=3000, high=6000)`` between fixed values, so that
    equal counts stay equal in all images; ``dict(type='ms2_celsius', low=-10,
    high=50)`` likewise between temperatures, from MS2's counts. What lies outside is
    clipped. An image without contrast becomes 0.

    Args:
        raw: (H, W) counts of 8, 14 or 16 bit, or temperatures.
        normalisation: The settings, as :func:`check_normalisation` takes them.

    Returns:
        (H, W) float32 in [0, 1].
    """
    celsius = normalisation["type"] == "ms2_celsius"
    values = ms2_celsius(raw) if celsius else raw.astype(np.float32)
    low, high = normalisation["low"], normalisation["high"]
    if normalisation["type"] == "percentile":
        low, high = np.percentile(values, (low, high))
    if not high > low:
        return np.zeros_like(values)
    return np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)


def ms2_celsius(raw: np.ndarray) -> np.ndarray:
    """Temperature that MS2's thermal counts stand for.

    1428 / ln(380747 / (raw + 88.539) + 1) − 273.15, Planck's law with the camera's
    calibration, as the data set's authors state it.

    Args:
        raw: Counts, 14 bit in uint16, any shape.

    Returns:
        Degrees Celsius, float32, the same shape.
    """
    counts = raw.astype(np.float64) + 88.539
    return (1428 / np.log(380747 / counts + 1) - 273.15).astype(np.float32)
