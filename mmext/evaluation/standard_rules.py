"""The candidates that a decision is chosen from: the same for every model."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .decision_rule import DecisionRule

LEVELS = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
    0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95,
)  # fmt: skip
#: Pixels by which what is decided grows.
GROWTH = ({}, *({"grow": pixels} for pixels in (1, 2, 3, 4)))

_ERROR_LEVELS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_LOW = (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_CONFIDENT = (0.3, 0.5, 0.7, 0.9, 0.97)
_TOUCHING = {
    "target": (0.02, 0.1, 0.3, 0.5),
    "error": (0.3, 0.5, 0.7, 0.9),
    "confident": (0.9, 0.97, 1.0),
}
# Of channels that only some models have, a coarser grid each.
_COARSE = {
    "target": (0.005, 0.02, 0.1, 0.3, 0.5, 0.7),
    "fp": (0.1, 0.3, 0.5, 0.7, 0.9),
    "error_frequency": (0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
}
_COARSE_OTHERS = (0.3, 0.5, 0.7, 0.9, 0.99)


def candidates(
    decoders: Sequence[dict[str, Any]], filters: Sequence[dict[str, Any]]
) -> list[DecisionRule]:
    """Every decoder with every filter.

    Args:
        decoders: Arguments of ``UnionDecoder``s.
        filters: Arguments of ``filter_shapes``; and ``grow``, in the place of the
            decoder's. Empty for none.
    """
    rules = []
    for decoder, shapes in itertools.product(decoders, filters or [{}]):
        growth = {"grow": shapes["grow"]} if "grow" in shapes else {}
        others = {key: value for key, value in shapes.items() if key != "grow"}
        rules.append(DecisionRule(dict(decoder) | growth, others))
    return rules


def standard_decoders(channels: Sequence[str]) -> list[dict[str, Any]]:
    """Arguments of ``UnionDecoder``s for a model with these channels.

    * One channel: a threshold at each of :data:`LEVELS`, and hysteresis.
    * Target and error: channel 0 by itself, the union with a common threshold and with
      one each, ``touching``, and hysteresis of the union.
    * Other channels: channel 0 by itself, and all together (``gated`` where one is
      ``fp``, else their union) with a common threshold and with one each.

    Args:
        channels: The K channels' names.

    Returns:
        They, none twice; of equals the first will be chosen.
    """
    alone = [{"mode": "target", "threshold": level} for level in LEVELS]
    if tuple(channels) == ("target",):
        return [*alone, *_hysteresis()]
    mode = "gated" if "fp" in channels else "union"
    together = [{"mode": mode, "threshold": level} for level in LEVELS]
    if set(channels) == {"target", "error"}:
        each = _each(mode, {"target": LEVELS, "error": _ERROR_LEVELS})
        return [*alone, *together, *each, *_touching(), *_hysteresis()]
    grids = {name: _COARSE.get(name, _COARSE_OTHERS) for name in channels}
    return [*alone, *together, *_each(mode, grids)]


def standard_rules(
    channels: Sequence[str], filters: Sequence[dict[str, Any]] = GROWTH
) -> list[DecisionRule]:
    """The standard decoders, each with every filter.

    Args:
        channels: The K channels' names.
        filters: As in :func:`candidates`.
    """
    return candidates(standard_decoders(channels), filters)


def _hysteresis() -> Iterator[dict[str, Any]]:
    for low, confident in itertools.product(_LOW, _CONFIDENT):
        if confident > low:
            yield {"mode": "hysteresis", "threshold": low, "confident": confident}


def _touching() -> Iterator[dict[str, Any]]:
    for target, error, confident in itertools.product(*_TOUCHING.values()):
        threshold = {"target": target, "error": error}
        yield {"mode": "touching", "threshold": threshold, "confident": confident}


def _each(mode: str, grids: Mapping[str, Sequence[float]]) -> Iterator[dict[str, Any]]:
    for levels in itertools.product(*grids.values()):
        yield {"mode": mode, "threshold": dict(zip(grids, levels, strict=True))}
