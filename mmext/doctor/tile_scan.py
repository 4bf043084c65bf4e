"""One reading of a tile store, and what it says of the tiles."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from mmext.datasets.band_statistics import BandStatistics
from mmext.datasets.tile_store import TileStore
from mmext.pixel_values import IGNORE

# More is not read: a minute must do. Evenly spaced tiles stand for the rest.
_MAX_BYTES = 2 << 30


@dataclass
class TileScan:
    """What some or all tiles of a store hold.

    Attributes:
        tile_ids: (M,) the tiles that were read.
        values: Pixels by mask value, 256 counts.
        positive: (M,) target pixels of each tile.
        valid: (M,) pixels of each tile that count.
        hashes: Of each tile's pixels; None for a tile without contrast, which may
            well be equal to another.
        bands: Statistics of the valid pixels by band.
        not_finite: Valid pixels with NaN or infinity in a band.
    """

    tile_ids: np.ndarray
    values: np.ndarray
    positive: np.ndarray
    valid: np.ndarray
    hashes: list[bytes | None]
    bands: dict[str, list[float]]
    not_finite: int = 0
    whole: bool = field(default=True)

    @property
    def prevalence(self) -> float:
        """Share of target among the valid pixels; 0 if there is none."""
        return float(self.positive.sum() / max(1, self.valid.sum()))


def scan_tiles(store: TileStore) -> TileScan:
    """Read a store's tiles once.

    Args:
        store: The store.
    """
    images, masks = store.images, store.masks
    most = max(1, int(_MAX_BYTES // max(1, images[:1].nbytes)))
    number = len(masks)
    ids = np.unique(np.linspace(0, number - 1, min(number, most)).astype(int))
    values = np.zeros(256, np.int64)
    positive, valid = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    hashes: list[bytes | None] = []
    statistics = BandStatistics(images.shape[-1])
    not_finite = 0
    for place, tile in enumerate(ids):
        mask, image = np.asarray(masks[tile]), np.ascontiguousarray(images[tile])
        values += np.bincount(mask.ravel(), minlength=256)
        counts = mask != IGNORE
        positive[place], valid[place] = (mask == 1).sum(), counts.sum()
        pixels = image[counts]
        finite = np.isfinite(pixels).all(axis=1)
        not_finite += int((~finite).sum())
        statistics.add(BandStatistics.of(pixels[finite]))
        varies = len(pixels) and (pixels != pixels[0]).any()
        digest = hashlib.blake2b(image.data, digest_size=16).digest()
        hashes.append(digest if varies else None)
    return TileScan(
        ids,
        values,
        positive,
        valid,
        hashes,
        statistics.as_dict(),
        not_finite,
        len(ids) == number,
    )
