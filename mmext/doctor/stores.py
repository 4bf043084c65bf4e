"""Labels, bands, no-data and copies in the tile stores."""

from collections import Counter

import numpy as np

from mmext.datasets.band_statistics import far_band
from mmext.datasets.tile_store import POSITIVE_THRESHOLD, TileStore
from mmext.pixel_values import IGNORE

from .findings import Findings, Level
from .tile_scan import TileScan

_CUT_ANEW = "cut the store anew (mmext prepare)"


def check_labels(
    found: Findings, name: str, store: TileStore, scan: TileScan, needed: bool = True
) -> None:
    """What the masks hold, and how much of it is target.

    Args:
        found: Gets the findings.
        name: Which set it is, ``train`` or ``test``.
        store: Its store.
        scan: What the store's tiles hold.
        needed: Whether the model learns from labels.
    """
    values = {int(v): int(scan.values[v]) for v in np.flatnonzero(scan.values)}
    total = sum(values.values())
    shares = ", ".join(f"{v}: {100 * n / total:.3g} %" for v, n in values.items())
    part = "" if scan.whole else f" ({len(scan.tile_ids)} of {len(store)} tiles read)"
    found.facts[f"{name}_labels"] = values
    strange = sorted(set(values) - {0, 1, IGNORE})
    if strange:
        found.add(
            "error",
            "labels",
            f"{name}: masks hold {', '.join(map(str, strange[:5]))} ({shares}); only "
            "0, 1 and 255 mean something",
            _CUT_ANEW,
        )
    elif set(values) == {IGNORE}:
        found.add("error", "labels", f"{name}: every pixel is 255 (ignored)", _CUT_ANEW)
    elif 1 not in values and needed:
        advice = "check that the labels lie on the scenes"
        if values.get(IGNORE):
            advice = (
                "255 means 'ignore' in a store: if it is the target there, cut the "
                "store with mmext prepare, which reads 0/255 masks"
            )
        level: Level = "error" if name == "train" else "warning"
        found.add(level, "labels", f"{name}: no target anywhere ({shares})", advice)
    else:
        found.add("ok", "labels", f"{name}: {shares}{part}")
    _check_positive_tiles(found, name, store, scan)
    ignored = values.get(IGNORE, 0) / total
    blank = int((scan.valid == 0).sum())
    if ignored > 0.5 or blank:
        found.add(
            "warning" if ignored > 0.5 else "note",
            "no-data",
            f"{name}: {100 * ignored:.3g} % of the pixels don't count, {blank} tiles "
            "have none that does",
            "raise --min-valid in mmext prepare",
        )


def _check_positive_tiles(
    found: Findings, name: str, store: TileStore, scan: TileScan
) -> None:
    fraction = scan.positive / np.maximum(scan.valid, 1)
    positive = int((fraction > POSITIVE_THRESHOLD).sum())
    text = (
        f"{name}: {100 * scan.prevalence:.3g} % of the pixels are target, {positive} "
        f"of {len(fraction)} tiles are positive"
    )
    found.facts[f"{name}_tiles"] = {
        "tiles": len(fraction),
        "positive": positive,
        "prevalence": scan.prevalence,
    }
    recorded = store.tiles["positive_fraction"].to_numpy(float)[scan.tile_ids]
    if not np.allclose(recorded, fraction, atol=1e-6):
        found.add(
            "error",
            "store",
            f"{name}: masks.npy is not what tiles.gpkg says of it: it was changed "
            "after cutting",
            _CUT_ANEW,
        )
    if positive and positive < 20:
        found.add("warning", "labels", text, "too few to judge by; cut more")
    elif positive:
        found.add("ok", "labels", text)


def check_bands(found: Findings, name: str, store: TileStore, scan: TileScan) -> None:
    """Statistics by band, bands that say nothing, and numbers that are none.

    Args:
        found: Gets the findings.
        name: Which set it is.
        store: Its store.
        scan: What the store's tiles hold.
    """
    names = list(map(str, store.meta["bands"]))
    found.facts[f"{name}_bands"] = {"names": names, **scan.bands}
    if scan.not_finite:
        found.add(
            "error",
            "bands",
            f"{name}: {scan.not_finite} valid pixels are NaN or infinite",
            "declare the source's no-data (--nodata) and cut anew",
        )
    if not scan.valid.sum():
        return
    constant = [
        band for band, std in zip(names, scan.bands["std"], strict=True) if std == 0
    ]
    if constant:
        found.add(
            "warning",
            "bands",
            f"{name}: {', '.join(constant)} never varies",
            "leave it out (--bands), or look whether the right one was cut",
        )
    means = zip(names, scan.bands["mean"], scan.bands["std"], strict=True)
    found.add(
        "ok",
        "bands",
        f"{name}: {store.meta['dtype']}, "
        + ", ".join(f"{band} {mean:.4g} ± {std:.3g}" for band, mean, std in means),
    )


def check_same_bands(found: Findings, train: TileScan, test: TileScan) -> None:
    """Whether testing shows what training has seen, band by band.

    Args:
        found: Gets the findings.
        train: The training tiles.
        test: The tiles of the test set.
    """
    mean, std = (np.array(train.bands[key]) for key in ("mean", "std"))
    other = np.array(test.bands["mean"])
    if not (train.valid.sum() and test.valid.sum()):
        return
    if mean.shape != other.shape:
        found.add(
            "error", "bands", f"train has {len(mean)} bands, test has {len(other)}"
        )
        return
    if far := far_band(other, mean, std):
        found.add(
            "warning",
            "bands",
            f"test: band {far[0]} lies {far[1]:.2g} standard deviations off the "
            "training's mean",
            "check that both come from one sensor at one scale",
        )


def check_copies(found: Findings, train: TileScan, test: TileScan | None) -> None:
    """Tiles that are there twice, in a set or across the two.

    Args:
        found: Gets the findings.
        train: The training tiles.
        test: The tiles of the test set, if there is one.
    """
    number = Counter(digest for digest in train.hashes if digest)
    twice = sum(count - 1 for count in number.values())
    if twice:
        found.add(
            "warning",
            "copies",
            f"train: {twice} of {len(train.hashes)} tiles are copies of another",
            "a scene may have been cut twice",
        )
    both = sum(digest in number for digest in test.hashes if digest) if test else 0
    if both and test:
        found.add(
            "error",
            "copies",
            f"{both} of {len(test.hashes)} test tiles are training tiles, too: their "
            "scores are of what was memorised",
            "cut the test store from other scenes",
        )
    if not (twice or both):
        found.add("ok", "copies", "no tile is there twice")
