"""What trainings say of a store, scene by scene."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics
from mmext.datasets.tile_store import TileStore
from mmext.inference.prediction_dump import MAX_LOGIT, PredictionDump
from mmext.pixel_values import IGNORE

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
        return list(scene_tiles(self.store))

    def scenes(self) -> Iterator[SceneLogits]:
        """One scene after the other, its tiles put together."""
        for tiles in scene_tiles(self.store).values():
            logits = map(self._logits, tiles)
            yield put_together(self.store, tiles, logits, self.channels)

    def _logits(self, tile: int) -> np.ndarray:
        parts = np.stack([dump.logits[tile] for dump in self.dumps]).astype(np.float32)
        if self.ensemble == "mean":
            mean = logit(expit(parts.astype(np.float64)).mean(axis=0))
            return mean.clip(-MAX_LOGIT, MAX_LOGIT).astype(np.float32)
        return parts.max(axis=0)


def scene_tiles(store: TileStore) -> dict[str, np.ndarray]:
    """The tile numbers of each scene, the scenes in the order of their names."""
    names = store.tiles["scene"].astype(str)
    return dict(sorted(store.tiles.groupby(names).indices.items()))


def put_together(
    store: TileStore,
    tiles: Sequence[int] | np.ndarray,
    logits: Iterable[np.ndarray],
    channels: Sequence[str],
) -> SceneLogits:
    """A scene from what was predicted of its tiles.

    Args:
        store: The store.
        tiles: (M,) the scene's tiles.
        logits: (K, H, W) float32 of each, in the same order.
        channels: The K channels' names.
    """
    placed = []
    for tile, values in zip(tiles, logits, strict=True):
        row = store.tiles.iloc[tile]
        layers = dict(zip(channels, values, strict=True))
        layers[_TRUTH] = np.asarray(store.masks[tile])
        scene, row_off, col_off = str(row["scene"]), row["row_off"], row["col_off"]
        placed.append(PlacedTile(scene, int(row_off), int(col_off), layers))
    fill = dict.fromkeys(channels, 0) | {_TRUTH: IGNORE}
    [mosaic] = scene_mosaics(placed, fill).values()
    return SceneLogits(np.stack([mosaic[name] for name in channels]), mosaic[_TRUTH])
