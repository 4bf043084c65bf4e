"""How well a ranking finds planted label errors."""

import geopandas
import numpy as np
import pandas as pd

from .finding import MISSING, SHIFTED, WRONG

#: What ``mmext scenes`` calls the errors that it plants.
PLANTED = {"missing": MISSING, "wrong": WRONG, "shifted": SHIFTED}

#: Shuffles over which chance is averaged.
_SHUFFLES = 200
_DEPTHS = (10, 20, 40)


def overlaps(
    candidates: geopandas.GeoDataFrame,
    planted: geopandas.GeoDataFrame,
    min_overlap: float = 0.3,
) -> np.ndarray:
    """Which candidate lies on which planted error.

    Args:
        candidates: Polygons.
        planted: The errors made.
        min_overlap: Least common area, as a share of the smaller of the two.

    Returns:
        (N, M) bool.
    """
    found = np.zeros((len(candidates), len(planted)), bool)
    for column, error in enumerate(planted.to_crs(candidates.crs).geometry):
        common = candidates.intersection(error).area
        least = np.minimum(candidates.area, error.area) * min_overlap
        found[:, column] = (common > 0) & (common >= least)
    return found


def same_kind(
    candidates: geopandas.GeoDataFrame, planted: geopandas.GeoDataFrame
) -> np.ndarray:
    """Which candidate is of which planted error's kind: (N, M) bool.

    Args:
        candidates: With ``kind`` as in :mod:`.kinds`.
        planted: With ``kind`` as ``tools/make_scenes.py`` writes it.
    """
    kinds = planted["kind"].map(PLANTED).to_numpy()
    return candidates["kind"].to_numpy()[:, None] == kinds[None]


def first_finds(matching: np.ndarray) -> np.ndarray:
    """Which candidates, best first, find an error that none before them found.

    A candidate finds one error at most, the first that is left.

    Args:
        matching: (N, M) bool in the candidates' order.

    Returns:
        (N,) bool.
    """
    left = np.ones(matching.shape[1], bool)
    found = np.zeros(len(matching), bool)
    for index, row in enumerate(matching & left):
        errors = np.flatnonzero(row & left)
        if len(errors):
            found[index] = True
            left[errors[0]] = False
    return found


def precision_at(found: np.ndarray, k: int) -> float:
    """Share of the first k candidates that find an error; fewer than k find less."""
    return float(found[:k].sum() / k)


def average_precision(found: np.ndarray, planted: int) -> float:
    """Sum of the precision at each find over the number of planted errors."""
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].sum() / planted) if planted else float("nan")


def compare_rankings(
    candidates: geopandas.GeoDataFrame, planted: geopandas.GeoDataFrame, seed: int = 0
) -> pd.DataFrame:
    """Our ranking against two by the present loss, and against chance.

    Args:
        candidates: From :func:`review`.
        planted: The errors made.
        seed: Of the shuffles that chance is averaged over.

    Returns:
        A row per ranking: ``ranking`` (``score``; ``loss``; ``loss x likeness``, what
        remains of our score without the bank; ``chance``), ``candidates``, ``planted``,
        ``precision_at_K`` and ``recall_at_K``, where a find is of the right kind,
        ``average_precision``, and ``average_precision_any_kind``.
    """
    lying = overlaps(candidates, planted)
    right = lying & same_kind(candidates, planted)
    rng = np.random.default_rng(seed)
    number = len(candidates)
    values = {
        "score": candidates["score"],
        "loss x likeness": candidates["loss"] * candidates["likeness"],
        "loss": candidates["loss"],
    }
    orders = {
        name: [np.argsort(-value.to_numpy(), kind="stable")]
        for name, value in values.items()
    }
    orders["chance"] = [rng.permutation(number) for _ in range(_SHUFFLES)]
    rows = []
    for name, shuffles in orders.items():
        tables = [_measure(right[order], lying[order]) for order in shuffles]
        means = pd.DataFrame(tables).mean()
        rows.append({"ranking": name, "candidates": number, **means})
    table = pd.DataFrame(rows)
    table.insert(2, "planted", len(planted))
    return table


def _measure(right: np.ndarray, lying: np.ndarray) -> dict[str, float]:
    found, planted = first_finds(right), right.shape[1]
    result = {f"precision_at_{k}": precision_at(found, k) for k in _DEPTHS}
    result |= {
        f"recall_at_{k}": float(found[:k].sum() / max(planted, 1)) for k in _DEPTHS
    }
    result["average_precision"] = average_precision(found, planted)
    any_kind = average_precision(first_finds(lying), planted)
    return {**result, "average_precision_any_kind": any_kind}
