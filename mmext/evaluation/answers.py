"""What trainings say of a store, scene by scene."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from mmext.datasets.tile_store import TileStore
from mmext.inference.prediction_dump import MAX_LOGIT, PredictionDump
from mmext.pixel_values import IGNORE

from .scene_mosaic import PlacedTile, scene_mosaics

# No channel's name: a channel is called "target".
_TRUTH = "ground truth"


@dataclass(frozen=True)
class SceneLogits:
    """Logits and truth of one scene.

    Attributes:
        logits: (K, H, W) float32 log-odds.
        target: (H, W) uint8 in {0, 1, 255}.
    """

    logits: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class Answers:
    """The answers of one training, or of several put together, to a store.

    Attributes:
        store: The tiles.
        dumps: One of each training, with the same channels.
        ensemble: ``'mean'`` of their probabilities or ``'union'``, their maximum.
    """

    store: TileStore
    dumps: Sequence[PredictionDump]
    ensemble: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The K channels' names."""
        return self.dumps[0].channels

    @cached_property
    def scene_names(self) -> list[str]:
        """Scenes in the order of :meth:`scenes`."""
        return sorted(self.store.tiles["scene"].astype(str).unique())

    def scenes(self) -> Iterator[SceneLogits]:
        """One scene after the other, its tiles put together."""
        table = self.store.tiles
        groups = table.groupby(table["scene"].astype(str)).indices
        for name in self.scene_names:
            tiles = [self._placed(tile) for tile in groups[name]]
            fill = dict.fromkeys(tiles[0].layers, 0) | {_TRUTH: IGNORE}
            layers = scene_mosaics(tiles, fill)[name]
            logits = np.stack([layers[channel] for channel in self.channels])
            yield SceneLogits(logits, layers[_TRUTH])

    def _placed(self, tile: int) -> PlacedTile:
        row = self.store.tiles.iloc[tile]
        layers = dict(zip(self.channels, self._logits(tile), strict=True))
        layers[_TRUTH] = np.asarray(self.store.masks[tile])
        return PlacedTile(
            str(row["scene"]), int(row["row_off"]), int(row["col_off"]), layers
        )

    def _logits(self, tile: int) -> np.ndarray:
        parts = np.stack([dump.logits[tile] for dump in self.dumps]).astype(np.float32)
        if self.ensemble == "mean":
            mean = logit(expit(parts.astype(np.float64)).mean(axis=0))
            return mean.clip(-MAX_LOGIT, MAX_LOGIT).astype(np.float32)
        return parts.max(axis=0)
