"""What the sampler will draw."""

from typing import Any

import numpy as np
from torch.utils.data import Sampler

from mmext.datasets.samplers.weighted_tile_sampler import WeightedTileSampler
from mmext.datasets.tile_store import POSITIVE_THRESHOLD

from .findings import Findings
from .tile_scan import TileScan

_OFTEN = 20


def draw_shares(sampler: Sampler, number: int) -> np.ndarray:
    """(N,) the share of an epoch's draws that each tile gets, on average.

    Args:
        sampler: The training loader's.
        number: Tiles of the data set.
    """
    if isinstance(sampler, WeightedTileSampler):
        weights = sampler.weights.numpy()
        return weights / weights.sum()
    return np.full(number, 1 / number)


def check_draws(
    found: Findings, shares: np.ndarray, scan: TileScan, batch_size: int, draws: int
) -> dict[str, Any]:
    """How much target a batch has, and how often a tile comes in an epoch.

    Args:
        found: Gets the findings.
        shares: (N,) as :func:`draw_shares` gives them, of the tiles in the scan.
        scan: What those tiles hold.
        batch_size: Tiles a batch.
        draws: Draws an epoch.

    Returns:
        ``prevalence``, the share of target among the pixels that are drawn, and the
        other numbers.
    """
    positive = scan.positive > POSITIVE_THRESHOLD * np.maximum(scan.valid, 1)
    in_batch = float(shares[positive].sum())
    facts: dict[str, Any] = {
        "positive_share_of_batch": in_batch,
        "prevalence": float(shares @ scan.positive / max(shares @ scan.valid, 1e-9)),
        "never_drawn": int((shares == 0).sum()),
    }
    for name, chosen in (("positive", positive), ("negative", ~positive)):
        times = draws * float(shares[chosen].mean()) if chosen.any() else 0.0
        facts[f"draws_of_a_{name}_tile"] = times
    found.facts["draws"] = facts
    text = (
        f"{100 * in_batch:.3g} % of a batch are positive tiles; an epoch shows each "
        f"positive tile {facts['draws_of_a_positive_tile']:.2g} times, each negative "
        f"one {facts['draws_of_a_negative_tile']:.2g} times"
    )
    empty = (1 - in_batch) ** batch_size
    most = max(facts["draws_of_a_positive_tile"], facts["draws_of_a_negative_tile"])
    if positive.any() and empty > 0.2:
        found.add(
            "warning",
            "sampler",
            f"{100 * empty:.2g} % of the batches will hold no positive tile; {text}",
            "use PositiveTileSampler or larger batches",
        )
    elif most > _OFTEN:
        few = "negative" if facts["draws_of_a_negative_tile"] == most else "positive"
        found.add(
            "warning",
            "sampler",
            f"{text}: the few {few} tiles will be memorised",
            f"cut more {few} tiles, or change sampler.ratio",
        )
    else:
        found.add("ok", "sampler", text)
    if facts["never_drawn"]:
        found.add(
            "note", "sampler", f"{facts['never_drawn']} tiles will never be drawn"
        )
    return facts
